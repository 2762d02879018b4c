"""From a lock to what one stack runs, and to the parameters that say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from components.base.context import StackContext
from components.release.spec import UNRESOLVED, AmiPin, Chart, Image, Lock, Origin, RecipeAmi, Release, ReleaseSpec

Finding = tuple[tuple[str | int, ...], str, str]
"""Path in the lock file, what is wrong, what to do."""

RESOLVE: Final = "look the values up with `herd release resolve`, which writes a new lock"


def missing_region(lock: Lock, region: str) -> Iterator[Finding]:
    """Images of machines that don't exist in a region."""
    for name, ami in lock.amis.items():
        if region not in ami.ids:
            path = ("content", "amis", name, "ids")
            yield path, f"no image in {region}, only in {', '.join(sorted(ami.ids))}", "use a release that has it there"


def unresolved(lock: Lock) -> Iterator[Finding]:
    """Values that nobody has read from where they live."""
    for part_path, part in lock.parts():
        for path, value in part.values():
            if value == UNRESOLVED:
                yield ("content", *part_path, *path), "unresolved: nobody has looked this value up yet", RESOLVE


def from_stand_in(lock: Lock) -> Iterator[Finding]:
    """Values that exist on a stand-in only."""
    for path, part in lock.parts():
        if part.resolved_from is Origin.STAND_IN:
            yield (
                ("content", *path, "resolved_from"),
                "the value was read from a stand-in and exists nowhere else",
                RESOLVE,
            )


def release_spec(release: Release, region: str) -> ReleaseSpec:
    """What a stack in a region runs. The lock has every image there (`missing_region`)."""
    lock = release.lock
    return ReleaseSpec(
        name=release.name,
        sha256=release.sha256,
        amis={
            name: AmiPin(
                id=ami.ids[region],
                architecture=ami.architecture,
                provenance=ami.provenance,
                recipe_hash=ami.recipe_hash,
                bill_of_materials=ami.bill_of_materials if isinstance(ami, RecipeAmi) else {},
            )
            for name, ami in lock.amis.items()
        },
        images={name: pinned_image(image) for name, image in lock.images.items()},
        charts={name: pinned_chart(chart) for name, chart in lock.charts.items()},
        addons=dict(lock.addons),
        versions=lock.versions.model_dump(exclude_none=True),
    )


def pinned_image(image: Image) -> str:
    """The reference by digest alone: a tag may move."""
    return f"{image.repository}@{image.digest}"


def pinned_chart(chart: Chart) -> str:
    """The chart with version and digest."""
    return f"{chart.repository.rstrip('/')}/{chart.chart}:{chart.version}@{chart.digest}"


@dataclass(frozen=True)
class ParameterArgs:
    """One SSM parameter: logical name, path, value, what the value is."""

    name: str
    path: str
    value: str
    data_type: Literal["text", "aws:ec2:image"] = "text"


def prefix(context: StackContext) -> str:
    """The path below which a stack's release is published."""
    return f"/{context.project}/{context.stack}/release"


def parameters(spec: ReleaseSpec, context: StackContext) -> tuple[ParameterArgs, ...]:
    """Everything that is published, in a stable order."""
    top = prefix(context)
    rows = [
        ParameterArgs("name", f"{top}/name", spec.name),
        ParameterArgs("sha256", f"{top}/sha256", spec.sha256),
    ]
    # aws:ec2:image lets launch templates resolve the parameter, and AWS checks that the image exists.
    rows += [ParameterArgs(f"ami-{n}", f"{top}/ami/{n}", pin.id, "aws:ec2:image") for n, pin in spec.amis.items()]
    for kind, values in (
        ("image", spec.images),
        ("chart", spec.charts),
        ("addon", spec.addons),
        ("version", spec.versions),
    ):
        rows += [ParameterArgs(f"{kind}-{n}", f"{top}/{kind}/{n}", value) for n, value in values.items()]
    return tuple(rows)
