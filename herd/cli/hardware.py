"""`herd hardware`: which instance types fit, what one is made of, how its network cards are wired."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from components.base.problems import Problem

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Instance types: what fits, what one is made of.")

TypeArgument = Annotated[str, typer.Argument(metavar="TYPE", help="An instance type, such as p5.48xlarge.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command()
def find(
    *,
    gpus: Annotated[int, typer.Option(metavar="N", help="At least N whole GPUs.")] = 0,
    gpu_memory: Annotated[float, typer.Option(metavar="GIB", help="Each GPU with at least GIB GiB of memory.")] = 0,
    efa: Annotated[bool, typer.Option("--efa", help="Only types that take EFA interfaces.")] = False,
    arch: Annotated[str | None, typer.Option(metavar="ARCH", help="x86_64 or arm64.")] = None,
    usage: Annotated[str | None, typer.Option(metavar="CLASS", help="on-demand, spot or capacity-block.")] = None,
    region: Annotated[str | None, typer.Option(metavar="REGION", help="Only types offered there.")] = None,
    zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Only types offered there; a name or an id.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the types that have at least what is asked for, the smallest first. Exit code 1 if there is none."""
    from components.base.problems import InvalidInputError
    from components.hardware import catalogue
    from herd.hardware.show import facts, table

    problems = [
        *_least("--gpus", gpus),
        *_least("--gpu-memory", gpu_memory),
        *_one_of("--arch", arch, {name for machine in catalogue.all_types() for name in machine.architectures}),
        *_one_of("--usage", usage, {name for machine in catalogue.all_types() for name in machine.usage_classes}),
        *_one_of("--region", region, catalogue.regions()),
    ]
    zone_id = None
    if zone is not None:
        try:
            zone_id = zone if zone in catalogue.zone_ids() else catalogue.zone_id(zone)
        except InvalidInputError as error:
            problems += [dataclasses.replace(problem, field="--zone") for problem in error.problems]
        else:
            problems += _zone_of(region, zone, zone_id)
    if problems:
        raise InvalidInputError(problems)
    found = catalogue.find(
        gpus=gpus,
        gpu_memory_gib=gpu_memory,
        efa=efa,
        architecture=arch,
        usage=usage,
        region=region,
        zone_id=zone_id,
    )
    if as_json:
        # A line per type: the catalogue has 1,395, and an indented document of all takes half a second to write.
        rows = ",\n".join(json.dumps(facts(machine)) for machine in found)
        sys.stdout.write(f"[\n{rows}\n]\n" if found else "[]\n")
    elif found:
        sys.stdout.write(table(found))
    else:
        sys.stderr.write("no instance type fits\n")
    if not found:
        raise typer.Exit(1)


@app.command()
def show(name: TypeArgument, *, as_json: JsonOption = False) -> None:
    """Show the facts of a type, the interfaces that a node of it gets, and where it is offered."""
    from components.hardware.catalogue import instance_type
    from herd.hardware.show import facts, page

    machine = instance_type(name)
    if as_json:
        sys.stdout.write(json.dumps(facts(machine), indent=2) + "\n")
    else:
        sys.stdout.write(page(machine))


@app.command()
def draw(
    name: TypeArgument,
    *,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: standard output.")] = None,
) -> None:
    """Draw the network cards of a node and what is on them, as SVG."""
    from components.hardware.catalogue import instance_type
    from components.hardware.drawing import draw as drawing_of

    drawing = drawing_of(instance_type(name))
    if out is None:
        sys.stdout.write(drawing)
        return
    from herd.write import check_writable, write_text

    check_writable(out, field="--out")
    write_text(out, drawing)


def _least(option: str, value: float) -> Iterable[Problem]:
    from components.base.problems import Problem

    # A comparison that NaN fails too.
    if not value >= 0:
        yield Problem("", 0, option, f"should be 0 or more, found {value:g}")


def _zone_of(region: str | None, zone: str, zone_id: str) -> Iterable[Problem]:
    from components.base.problems import Problem
    from components.hardware import catalogue

    if region in catalogue.regions() and zone_id not in catalogue.zone_ids(region):
        there = ", ".join(sorted(catalogue.zone_ids(region)))
        yield Problem("", 0, "--zone", f"{zone} is no zone of {region}", f"its zones: {there}")


def _one_of(option: str, value: str | None, known: Iterable[str]) -> Iterable[Problem]:
    from components.base.problems import Problem

    if value is not None and value not in set(known):
        import difflib

        near = difflib.get_close_matches(value, sorted(known), n=1)
        fix = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(sorted(known))}"
        yield Problem("", 0, option, f"unknown: {value!r}", fix)
