"""`herd release`: show a lock, verify locks, look up what is unresolved."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Release locks: what runs.")

LockArgument = Annotated[str, typer.Argument(metavar="LOCK", help="A lock's name, or its file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


def _root() -> Path:
    from herd.root import project_root

    return project_root(Path.cwd())


def _given(root: Path, lock: str) -> str:
    """A lock as `load_release` takes it: a file is looked for from the working directory, a name in the repository."""
    from components.release.canonical import SUFFIX

    return os.path.relpath(Path(lock).resolve(), root) if lock.endswith(SUFFIX) else lock


@app.command()
def show(lock: LockArgument, *, as_json: JsonOption = False) -> None:
    """Show what a release runs and where each value was read."""
    from components.release.load import load_release
    from herd.release.show import tree

    root = _root()
    release = load_release(root, _given(root, lock))
    if as_json:
        content = release.lock.model_dump(mode="json")
        _print_json({"name": release.name, "sha256": release.sha256, "content": content})
        return
    from rich.console import Console

    Console(highlight=False).print(tree(release))


@app.command()
def verify(
    locks: Annotated[
        list[str] | None, typer.Argument(metavar="[LOCK]...", help="Default: every lock there is.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Check that locks are unedited and say which could run for real. Exit code 2 if one can't be used at all."""
    from components.base.problems import InvalidInputError, Problem
    from components.release.load import known_locks, load_release
    from herd.release.show import Verdict, verdict

    root = _root()
    problems, verdicts = list[Problem](), list[Verdict]()
    for lock in locks or known_locks(root):
        try:
            verdicts.append(verdict(load_release(root, _given(root, lock))))
        except InvalidInputError as error:
            problems += error.problems
    if as_json:
        _print_json([row.to_json() for row in verdicts])
    else:
        for row in verdicts:
            sys.stdout.write(f"{row}\n")
    if problems:
        raise InvalidInputError(problems)


@app.command()
def resolve(
    lock: LockArgument,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Default: stacks/releases for values of AWS, .herd/releases for a stand-in's."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look up unresolved values where they live and write them to a new lock.

    They are read with the AWS credentials of the environment; with AWS_ENDPOINT_URL set, on the stand-in there.
    """
    from components.release.spec import Origin
    from herd.release.lookup import LiveLookup, origin, sessions
    from herd.release.resolve import resolve as resolve_lock

    root = _root()
    clients = sessions()
    here = origin(clients("ssm", "us-east-1"))
    found = resolve_lock(root, _given(root, lock), LiveLookup(clients), here)
    if not found.answers:
        if as_json:
            _print_json({"lock": found.release.shown, "from": here.value, "values": []})
        else:
            sys.stdout.write(f"{found.release.name}: nothing to look up, every value is resolved from {here.value}\n")
        return
    folder = out or root / ("stacks/releases" if here is Origin.AWS else ".herd/releases")
    path = found.write(folder)
    shown = os.path.relpath(path)
    if as_json:
        values = [
            {"path": list(query.path), "value": answer.value, "from": answer.origin.value}
            for query, answer in found.answers.items()
        ]
        _print_json({"lock": shown, "from": here.value, "values": values})
        return
    for query, answer in found.answers.items():
        sys.stdout.write(f"{'.'.join(map(str, query.path))}  {answer.value}  from {answer.origin.value}\n")
    sys.stdout.write(f"wrote {shown}\n")
    if here is Origin.STAND_IN:
        sys.stdout.write("its values exist on the stand-in only: a real `pulumi up` refuses them\n")


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
