"""`herd doctor`: what is installed here, and with --aws what an account can hold."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

NOT_EVALUATED = 3


def command(
    *,
    aws: Annotated[
        str | None,
        typer.Option("--aws", metavar="STACK", help="Ask the stack's account instead (read-only; needs credentials)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The findings as JSON.")] = False,
) -> None:
    """Say what is installed, what each missing thing would enable, and how to get it.

    Exit code 1 only if something is missing that Herd can't work without.

    With --aws: whether the account can hold the stack: quotas, zones, reservations, images and versions against the sum
    of its pools. Exit code 1 if something stands in the way, 3 if nothing does but not every question was answered.
    """
    from herd.root import project_root

    root = project_root(Path.cwd())
    code = _account(root, aws, as_json=as_json) if aws is not None else _machine(root, as_json=as_json)
    if code:
        raise typer.Exit(code)


def _machine(root: Path, *, as_json: bool) -> int:
    from herd.doctor import Machine, examine

    findings = examine(Machine(root))
    works = not any(finding.fatal for finding in findings)
    if as_json:
        report = {"ok": works, "checks": [finding.to_dict() for finding in findings]}
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
    else:
        from rich.console import Console

        from herd.doctor.text import report_of

        Console(highlight=False).print(report_of(findings))
    return 0 if works else 1


def _account(root: Path, stack: str, *, as_json: bool) -> int:
    from herd.doctor.aws.account import clients
    from herd.doctor.aws.checks import examine
    from herd.doctor.aws.load import demand_of

    demand = demand_of(root, stack)
    looked = list(examine(demand, clients(demand.context.region)))
    verdicts = {finding.verdict for _, findings in looked for finding in findings}
    if as_json:
        rows = [{"check": check.name, **finding.to_dict()} for check, findings in looked for finding in findings]
        sys.stdout.write(json.dumps({"stack": stack, "ok": verdicts <= {"pass"}, "findings": rows}, indent=2) + "\n")
    else:
        from rich.console import Console

        from herd.doctor.aws.text import report_of as account_report

        Console(highlight=False, soft_wrap=True).print(account_report(stack, looked))
    return 1 if "fail" in verdicts else NOT_EVALUATED if "open" in verdicts else 0
