"""`herd doctor`: what is installed, what each missing thing would enable, and how to get it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer


def command(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The findings as JSON.")] = False,
) -> None:
    """Say what is installed, what each missing thing would enable, and how to get it.

    Exit code 1 only if something is missing that Herd can't work without.
    """
    from herd.doctor import Machine, examine
    from herd.root import project_root

    findings = examine(Machine(project_root(Path.cwd())))
    works = not any(finding.fatal for finding in findings)
    if as_json:
        report = {"ok": works, "checks": [finding.to_dict() for finding in findings]}
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
    else:
        from rich.console import Console

        from herd.doctor.text import report_of

        Console(highlight=False).print(report_of(findings))
    if not works:
        raise typer.Exit(1)
