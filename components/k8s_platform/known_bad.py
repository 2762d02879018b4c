"""Versions that are known not to work together, as a table, and what of it a stack runs into."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final, Literal

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version
from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter
from ruamel.yaml import YAML

from components.base.spec import Spec
from components.capacity.spec import Name
from components.gpu_cluster.spec import Devices, NodeSpec, Pool
from components.k8s_platform.pins import parse
from components.k8s_platform.versions import Finding
from components.release.spec import ReleaseSpec

_NUMBERS: Final = re.compile(r"v?(\d+(?:\.\d+)*)")


def _range(text: str) -> str:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        raise ValueError(f"{text!r} is no range of versions, such as >=1.2,<1.4") from None
    return text


Range = Annotated[str, AfterValidator(_range)]
Fact = Annotated[str, StringConstraints(pattern=r"^(kubernetes|parallelcluster|slurm|(chart|addon|ami)/[a-z0-9-]+)$")]
CapacityKind = Literal["on-demand", "spot", "open-reservation", "targeted-reservation", "capacity-block"]


class Nodes(Spec):
    """What nodes a row is about; what isn't said is any.

    Attributes:
        types: Instance types, with `*`; one of a generation's is enough.
        devices: Who hands out their accelerators.
        efa: Whether they have EFA interfaces.
        kind: The kind of their pool.
        capacity: How their pool is paid for.
    """

    types: tuple[str, ...] = ()
    devices: Devices | None = None
    efa: bool | None = None
    kind: Literal["static", "elastic"] | None = None
    capacity: tuple[CapacityKind, ...] = ()

    def match(self, pool: Pool, node: NodeSpec) -> bool:
        """Whether a generation has such nodes."""
        return (
            (not self.types or any(fnmatchcase(name, one) for name in node.instance_types for one in self.types))
            and self.devices in (None, node.devices)
            and self.efa in (None, node.efa)
            and self.kind in (None, pool.kind)
            and (not self.capacity or pool.capacity.kind in self.capacity)
        )


class KnownBad(Spec):
    """One row of the table.

    Attributes:
        id: What people call it.
        versions: Ranges of what a release holds; all must hold.
        nodes: Which nodes it is about; None: a release is bad whatever runs on it.
        why: What goes wrong.
        fix: What to use instead.
        sources: Who found it out.
    """

    id: Name | Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    versions: Annotated[dict[Fact, Range], Field(min_length=1)]
    nodes: Nodes | None = None
    why: str
    fix: str
    sources: Annotated[tuple[Annotated[str, StringConstraints(pattern=r"^https://")], ...], Field(min_length=1)]

    def match(self, facts: Mapping[str, str]) -> bool:
        """Whether every range holds; a fact that nobody knows is in no range."""
        return all(name in facts and within(facts[name], text) for name, text in self.versions.items())

    @property
    def of_an_image(self) -> bool:
        """Whether it is about what is inside a machine image, which each generation has of its own."""
        return any(name.startswith("ami/") for name in self.versions)

    def __str__(self) -> str:
        return f"{self.why} ({self.id}: {', '.join(self.sources)})"


@cache
def table() -> tuple[KnownBad, ...]:
    """Every row, in the file's order."""
    rows: Any = YAML(typ="safe", pure=True).load(files(__package__).joinpath("known_bad.yaml").read_text("utf-8"))
    return TypeAdapter(tuple[KnownBad, ...]).validate_python(rows)


def within(version: str, text: str) -> bool:
    """Whether a version is in a range. Only its numbers count: v1.35.3-eksbuild.21 is 1.35.3, 6.12.40-63 is 6.12.40."""
    found = _NUMBERS.match(version)
    return found is not None and Version(found[1]) in SpecifierSet(text)


def known_bad(
    pools: Mapping[str, Pool],
    releases: Mapping[str, ReleaseSpec],
    own: ReleaseSpec,
    rows: tuple[KnownBad, ...] | None = None,
) -> Iterator[Finding]:
    """What of the table a stack runs into: path below its settings, what is wrong, what to do.

    Charts, add-ons and versions are those of the stack's own release: one cluster has one of each. What is inside a
    machine image is the generation's.

    Args:
        pools: The pools by name.
        releases: Releases by the name that generations give them.
        own: The stack's release.
        rows: The table; None for the one in this folder.
    """
    shared = _shared(own)
    for row in table() if rows is None else rows:
        if row.nodes is None and not row.of_an_image:
            if row.match(shared):
                yield ("release",), str(row), row.fix
            continue
        for name, pool in pools.items():
            for at, generation in enumerate(pool.generations):
                facts = {**shared, **_inside(releases.get(generation.release), generation.node.image)}
                if row.match(facts) and (row.nodes is None or row.nodes.match(pool, generation.node)):
                    yield ("pools", name, "generations", at, "node"), str(row), row.fix


def _shared(release: ReleaseSpec) -> dict[str, str]:
    return {
        **release.versions,
        **{f"addon/{name}": version for name, version in release.addons.items()},
        **{f"chart/{name}": parse(pinned).version for name, pinned in release.charts.items()},
    }


def _inside(release: ReleaseSpec | None, image: str) -> dict[str, str]:
    if release is None or image not in release.amis:
        return {}
    return {f"ami/{name}": version for name, version in release.amis[image].bill_of_materials.items()}
