"""`herd rehearse`: the whole life of a stack on a stand-in AWS."""

from __future__ import annotations

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
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the report here.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the scratch folder: state, events, program.")] = False,
    cloud: Annotated[
        str | None, typer.Option("--cloud", metavar="URL", help="Use a running, empty `herd cloud`, not a fresh one.")
    ] = None,
) -> None:
    """Bring a stack up on a fresh stand-in AWS, change it, break it, heal it, take it down and look for leftovers."""
    import tempfile

    from rich.console import Console

    from herd.rehearse.run import rehearse
    from herd.rehearse.show import Progress, summary
    from herd.root import project_root
    from herd.write import write_json

    console = Console(highlight=False)
    scratch = Path(tempfile.mkdtemp(prefix=f"herd-{stack}-")) if keep else None
    if scratch:
        console.print(f"  state and events: {scratch}", soft_wrap=True)
    with Progress(console) as progress:
        report = rehearse(
            project_root(Path.cwd()),
            stack,
            base=base,
            engine=engine.value,
            scratch=scratch,
            endpoint=cloud,
            listener=progress,
        )
    console.print(summary(report), soft_wrap=True)
    if json_file:
        write_json(json_file, report.to_json())
    raise typer.Exit(0 if report.ok else 1)
