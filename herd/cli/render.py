"""`herd render`: what a stack's program registers, without an engine, credentials or a network."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer


def command(
    stack: Annotated[str, typer.Argument(help="The stack, such as dev.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The graph as JSON; equal input gives equal bytes.")] = False,
    release: Annotated[
        str | None, typer.Option(metavar="FILE", help="A release lock (or its name) in place of the stack file's.")
    ] = None,
    unknowns: Annotated[
        bool, typer.Option("--unknowns", help="A preview's view: unknown values instead of symbols.")
    ] = False,
) -> None:
    """Run the real program in this process and show the graph of everything it registers."""
    # Imports make tens of thousands of objects that all stay: collecting garbage among them only costs time.
    gc.disable()
    from herd.lazy_sdk import install

    install()
    from herd.render import render
    from herd.root import project_root

    lock = Path(release) if release and (os.sep in release or Path(release).exists()) else release
    graph = render(project_root(Path.cwd()), stack, release=lock, unknowns=unknowns)
    if as_json:
        sys.stdout.write(graph.to_json())
    else:
        from rich.console import Console

        from herd.render.text import tree

        Console(highlight=False).print(tree(graph))
    # Or the interpreter would search all of it for garbage on its way out, a fifth of the command's time.
    gc.freeze()
