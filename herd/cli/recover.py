"""`herd recover`: after an interrupted run, find what the cloud holds that the state doesn't know."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    stack: Annotated[str, typer.Argument(help="The stack whose run was interrupted.")],
    state: Annotated[
        Path | None,
        typer.Option(help="A folder with the embedded engine's state, or a file made by `pulumi stack export`."),
    ] = None,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take what belongs to an interrupted creation into the state.")
    ] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete it from the cloud.")] = False,
    passphrase: Annotated[
        str, typer.Option(envvar="PULUMI_CONFIG_PASSPHRASE", help="Of the state's secrets.", show_default=False)
    ] = "rehearsal",  # noqa: S107 - what rehearsals use, for made-up values
    json_output: Annotated[bool, typer.Option("--json", help="The findings as JSON.")] = False,
) -> None:
    """Find an interrupted run's orphans by their tags; adopt them, delete them, or say how to with the real CLI."""
    from herd.recover.run import recover

    code = recover(
        Path.cwd(), stack, state=state, adopt=adopt, delete=delete, passphrase=passphrase, as_json=json_output
    )
    raise typer.Exit(code)
