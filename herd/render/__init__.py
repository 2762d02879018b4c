"""Render: run the real program in this process, with no engine, credentials or network, and see what it registers."""

from __future__ import annotations

import json
import os
from pathlib import Path

from components.base.problems import InvalidInputError
from herd.graph.model import Graph
from herd.render.monitor import Monitor, Run
from herd.render.program import ProgramError, run_program
from herd.stackfile import load_stack

__all__ = ["ProgramError", "render"]


def render(root: Path, stack: str, *, release: Path | str | None = None, unknowns: bool = False) -> Graph:
    """Render a stack: everything its program registers, with symbols for what only the cloud can know.

    Every call runs the program anew; nothing is left behind in the process.

    Args:
        root: The repository: folder of Pulumi.yaml.
        stack: The stack's name.
        release: A release lock in place of the one the stack file names: a path or a name, "" for none.
        unknowns: Show a preview's view: what only the cloud can know is unknown, and so is everything made from it.

    Raises:
        InvalidInputError: The stack file, the lock or Pulumi.yaml is wrong; every problem, with its place.
        ProgramError: The program itself failed (an `InvalidInputError` as well), with file and line.
    """
    root = root.resolve()
    # The program runs in a folder of its own: a path must not depend on where it is looked at from.
    lock = str(release.resolve()) if isinstance(release, Path) else release
    source = load_stack(root, stack, fidelity="render", release=lock, secrets=True)
    config = source.strings()
    main = source.main.resolve()
    run = Run(
        project=source.project,
        stack=source.stack,
        main=Path(os.path.relpath(main / "__main__.py" if main.is_dir() else main, root)).as_posix(),
        unknowns=unknowns,
        no_default=_no_default(config.get("pulumi:disable-default-providers", "[]")),
    )
    monitor = Monitor(run)
    run_program(root, main, config, monitor, source.secrets)
    return monitor.graph()


def _no_default(value: str) -> frozenset[str]:
    try:
        packages = json.loads(value)
    except ValueError:
        packages = None
    if not isinstance(packages, list):
        message = "expected a list of packages"
        raise InvalidInputError.one(message, field="pulumi:disable-default-providers", fix='write ["aws"]')
    return frozenset(map(str, packages))
