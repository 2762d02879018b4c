"""`herd rehearse`: the whole life of a stack on a stand-in AWS."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class EngineChoice(StrEnum):
    """What drives the rehearsal."""

    AUTO = "auto"
    EMBEDDED = "embedded"
    PULUMI = "pulumi"


def command(
    stack: Annotated[str, typer.Argument(help="The stack to rehearse: dev, test or prod.")],
    base: Annotated[
        str | None, typer.Option("--from", metavar="GITREF", help="Bring this version up first, then the working tree.")
    ] = None,
    engine: Annotated[
        EngineChoice, typer.Option(help="auto takes the pulumi on PATH if there is one.")
    ] = EngineChoice.AUTO,
    roll: Annotated[
        bool, typer.Option("--roll", help="Also roll every node pool to new images, slice by slice where it is full.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the report here.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the scratch folder: state, events, program.")] = False,
    cloud: Annotated[
        str | None, typer.Option("--cloud", metavar="URL", help="Use a running, empty `herd cloud`, not a fresh one.")
    ] = None,
) -> None:
    """Bring a stack up on a fresh stand-in AWS, change it, break it, heal it, take it down and look for leftovers."""
    import tempfile

    from rich.console import Console

    from herd.cli.stop import Stop
    from herd.rehearse.run import rehearse
    from herd.rehearse.show import Progress, summary
    from herd.root import project_root
    from herd.stackfile import load_stack
    from herd.write import check_writable, write_json

    root = project_root(Path.cwd())
    load_stack(root, stack, fidelity="rehearse")
    if json_file:
        check_writable(json_file, field="--json")
    console = Console(highlight=False)
    with Stop() as stop:
        try:
            scratch = Path(tempfile.mkdtemp(prefix=f"herd-{stack}-")) if keep else None
            if scratch:
                console.print(f"  state and events: {scratch}", soft_wrap=True)
            with Progress(console, stop.check) as progress:
                report = rehearse(
                    root,
                    stack,
                    base=base,
                    engine=engine.value,
                    scratch=scratch,
                    endpoint=cloud,
                    rolled=roll,
                    listener=progress,
                )
        except BaseException:
            # Whatever fails after a signal fails because of it.
            if not stop.number:
                raise
            left = "what it made is still in the cloud: `herd recover`" if cloud else "its cloud is gone with it"
            sys.stderr.write(f"interrupted: the rehearsal of {stack} proves nothing; {left}\n")
            raise typer.Exit(stop.exit_code) from None
    console.print(summary(report), soft_wrap=True)
    if json_file:
        write_json(json_file, report.to_json())
    raise typer.Exit(0 if report.ok else 1)
