"""`herd check`: what the law says of stacks, saved deployments, manifests and cluster files."""

from __future__ import annotations

import gc
import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from components.base.context import Environment
from components.base.problems import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from herd.check.run import Outcome
    from herd.graph import Graph

_SUFFIXES: Final = (".yaml", ".yml", ".json")


class Format(StrEnum):
    """Forms of the report."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[STACK|FILE]...", help="Stacks, `all` of them, or files.")
    ] = None,
    *,
    states: Annotated[
        list[str] | None, typer.Option("--state", metavar="FILE", help="A saved deployment (pulumi stack export).")
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option("--file", metavar="FILE", help="Manifests or a ParallelCluster file; - for standard input."),
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(metavar="EVENTS", help="Also judge what a run of the stack would do: its events.")
    ] = None,
    staging: Annotated[
        Path | None, typer.Option(metavar="EVENTS", help="With --plan: the events of staging's last verified run.")
    ] = None,
    environment: Annotated[
        Environment | None,
        typer.Option("--environment", help="Whose severities hold; else the stack's own, or prod's."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="Form of the report.")] = Format.TEXT,
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write the report there.")] = None,
    packs: Annotated[list[str] | None, typer.Option("--pack", metavar="NAME", help="Only rules of this pack.")] = None,
    rules: Annotated[list[str] | None, typer.Option("--rule", metavar="ID", help="Only this rule.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Full URNs; all that is counted otherwise.")] = False,
) -> None:
    """Judge infrastructure by the law. Exit code 1 if something stops, 2 if something couldn't be judged."""
    # Nothing of it is garbage before the end: looking for some takes a third of the time.
    gc.disable()
    from herd.check.report.words import shown
    from herd.check.run import Request, run
    from herd.check.selection import select

    stacks = [name for name in names or () if not _is_file(name)]
    loose = [*(files or ()), *(name for name in names or () if _is_file(name))]
    if not (stacks or states or loose):
        fix = "herd check STACK, herd check all, --state FILE or --file FILE"
        raise InvalidInputError.one("nothing to judge", field="STACK", fix=fix)
    if plan is not None and (len(stacks) != 1 or stacks == ["all"]):
        raise InvalidInputError.one("a plan is of one stack", field="--plan", fix="herd check STACK --plan EVENTS")
    if staging is not None and plan is None:
        raise InvalidInputError.one("is what a plan is held against", field="--staging", fix="add --plan EVENTS")
    if output is not None:
        from herd.write import check_writable

        check_writable(output, field="--output")
    render: Callable[[Path, str], Graph] | None = None
    if stacks:
        from herd.lazy_sdk import install

        install()
        from herd import render as rendering

        render = rendering.render
    outcome = run(
        Request(
            folder=Path.cwd(),
            stacks=stacks,
            states=states or (),
            files=loose,
            environment=environment,
            rules=select(packs or (), rules or ()),
            plan=plan,
            staging=staging,
            render=render,
        )
    )
    for problem in outcome.errors:
        sys.stderr.write(f"error: {shown(problem)}\n")
    _report(outcome, form, output, verbose=verbose)
    # Or the interpreter would search all of it for garbage on its way out.
    gc.freeze()
    if outcome.exit_code:
        raise typer.Exit(outcome.exit_code)


def _is_file(name: str) -> bool:
    """Whether an argument is no stack: what a shell makes of `--file *.yaml` is one option and many arguments."""
    return name == "-" or os.sep in name or name.endswith(_SUFFIXES)


def _report(outcome: Outcome, form: Format, output: Path | None, *, verbose: bool) -> None:
    from herd.check.report.words import shown, verdict_line

    if form is Format.TEXT and output is None and sys.stdout.isatty():
        from herd.check.report.terminal import show
        from herd.check.report.text import report

        show(report(outcome, verbose=verbose), sys.stdout)
        return
    # JSON is UTF-8 (RFC 8259), whatever the locale says; what is plain ASCII is both.
    universal = output is not None or (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = _text(outcome, form, verbose=verbose, errors=output is not None, ascii_json=not universal)
    if output is None:
        sys.stdout.write(text)
        return
    from herd.write import write_text

    write_text(output, text)
    sys.stdout.writelines(f"{shown(verdict_line(verdict))}\n" for verdict in outcome.verdicts)


def _text(outcome: Outcome, form: Format, *, verbose: bool, errors: bool, ascii_json: bool) -> str:
    if form is Format.TEXT:
        from herd.check.report.text import report

        return "".join(f"{line.text}\n" for line in report(outcome, verbose=verbose, errors=errors))
    if form is Format.GITHUB:
        from herd.check.report.github import commands

        return "".join(f"{line}\n" for line in commands(outcome))
    from herd.check.report.document import document
    from herd.check.report.sarif import log

    data = document(outcome) if form is Format.JSON else log(outcome, repository=_repository())
    text = json.dumps(data, indent=2, ensure_ascii=ascii_json) + "\n"
    # A file's name may be no text; half a character is told by its number.
    return text.encode("utf-8", "backslashreplace").decode()


def _repository() -> str:
    """Where GitHub shows the files of this commit; "" elsewhere. Source: docs.github.com, "Variables reference"."""
    server, name, commit = (os.environ.get(f"GITHUB_{key}", "") for key in ("SERVER_URL", "REPOSITORY", "SHA"))
    return f"{server}/{name}/blob/{commit}" if server and name and commit else ""
