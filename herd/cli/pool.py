"""`herd pool`: node pools and their generations in a stack file: list, roll, drain, retire."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from herd.pool.stack import PoolStack

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Node pools and their generations in a stack file.")

StackArgument = Annotated[str, typer.Argument(metavar="STACK", help="dev, test or prod.")]
PoolArgument = Annotated[str, typer.Argument(metavar="POOL", help="The pool's name in the stack file.")]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="The generation's key, such as g3-1a2b3c4d.")]
SliceOption = Annotated[
    list[int] | None, typer.Option("--slice", metavar="N", help="A slice of a static generation; may be repeated.")
]


def _load(stack: str) -> PoolStack:
    from herd.pool.stack import load
    from herd.root import project_root

    return load(project_root(Path.cwd()), stack)


@app.command("list")
def show(
    stack: StackArgument,
    pool: Annotated[str | None, typer.Argument(metavar="[POOL]", help="Default: every pool.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show pools: how they are paid for, their generations, what room is left. Exit code 2 if something is wrong."""
    from herd.pool.show import rows, table

    loaded = _load(stack)
    if pool is not None:
        loaded.pool(pool)
    found = rows(loaded, [pool] if pool else list(loaded.pools))
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    elif found:
        from rich.console import Console

        # A pipe has no width: lines there are as long as they are.
        width = None if sys.stdout.isatty() else 1000
        Console(highlight=False, markup=False, width=width).print(table(found))
    else:
        sys.stdout.write(f"{loaded.file.shown} has no pools\n")
    loaded.check()


@app.command()
def roll(
    stack: StackArgument,
    pool: Annotated[str | None, typer.Argument(metavar="[POOL]", help="The pool; or --all.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every pool.")] = False,
    release: Annotated[
        str | None, typer.Option(metavar="LOCK", help="Default: the release that the stack file names.")
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="node.FIELD=VALUE", help="Change the node; null takes a field away."),
    ] = None,
    fill: Annotated[bool, typer.Option(help="Take all free room; reserved capacity is always filled.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Rewrite first generations in place, in a stack that was never deployed.")
    ] = False,
) -> None:
    """Write the next generation beside the newest; where nothing differs, give the newest the room that there is."""
    from components.base.problems import InvalidInputError

    if everything == (pool is not None):
        raise InvalidInputError.one("name a pool, or say --all: one of the two", field="POOL")
    if fresh and (sets or fill):
        raise InvalidInputError.one("rewrites keys and releases alone: leave --set and --fill out", field="--fresh")
    loaded = _load(stack)
    names = list(loaded.pools) if pool is None else [pool]
    for name in names:
        loaded.pool(name)
    if fresh:
        from herd.pool.rekey import fresh as rewrite

        changed = rewrite(loaded, names, release)
        _say([f"{name}: {old} is now {new}" for name, old, new in changed] or ["every key is what it should be"])
        return
    from herd.pool.roll import Order, parse_sets
    from herd.pool.roll import roll as roll_pools

    _, said = roll_pools(loaded, names, Order(release, parse_sets(sets or []), fill))
    _say(said or [f"{loaded.file.shown} has no pools"])


@app.command()
def drain(
    stack: StackArgument,
    pool: PoolArgument,
    key: KeyArgument,
    slices: SliceOption = None,
) -> None:
    """Write that a generation, or slices of it, takes no new work."""
    from herd.pool.drain import drain as drain_generation

    _, said = drain_generation(_load(stack), pool, key, slices or [])
    _say(said)


@app.command()
def retire(
    stack: StackArgument,
    pool: PoolArgument,
    key: KeyArgument,
    slices: SliceOption = None,
    *,
    evidence: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What `kubectl get nodes,pods -A -o json` says now.")
    ] = None,
    never_started: Annotated[
        bool, typer.Option("--never-started", help="Slices without a node in FILE never had one.")
    ] = False,
) -> None:
    """Take a drained generation, or slices of it, out of the stack file: refused unless FILE shows that it is empty."""
    from datetime import UTC, datetime

    from herd.pool.retire import retire as retire_generation

    _, said = retire_generation(
        _load(stack),
        pool,
        key,
        slices or [],
        evidence=evidence,
        now=datetime.now(tz=UTC),
        never_started=never_started,
    )
    _say(said)


def _say(lines: list[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
