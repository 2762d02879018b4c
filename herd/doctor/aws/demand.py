"""What a stack will ask of its account, in the terms the account is asked in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from components.base.context import StackContext
from components.capacity.spec import ReservationFacts
from components.gpu_cluster.spec import Pool
from components.release.spec import AmiPin, ReleaseSpec


@dataclass(frozen=True)
class Demand:
    """What a stack asks for.

    Attributes:
        context: The stack.
        zone_ids: Zone id by zone name, as the stack takes them to be.
        pools: Its node pools.
        reservations: What it says is reserved.
        releases: Every release that the stack or a generation names, by the name it is named by.
        release: What the stack itself runs; None for the foundation alone.
        subnets: Subnets that exist already and hold nodes, by zone; empty for a network of the stack's own.
        addresses: Addresses that nodes take of the subnet of each zone at most.
    """

    context: StackContext
    zone_ids: Mapping[str, str]
    pools: Mapping[str, Pool]
    reservations: Mapping[str, ReservationFacts]
    releases: Mapping[str, ReleaseSpec]
    release: ReleaseSpec | None
    subnets: Mapping[str, str]
    addresses: Mapping[str, int]

    def images(self) -> dict[str, tuple[AmiPin, tuple[str, ...]]]:
        """Image id to the image and the generations that boot it."""
        found: dict[str, tuple[AmiPin, tuple[str, ...]]] = {}
        for name, pool in self.pools.items():
            for generation in pool.generations:
                release = self.releases.get(generation.release)
                pin = release.amis.get(generation.node.image) if release else None
                if pin:
                    held = found.get(pin.id, (pin, ()))[1]
                    found[pin.id] = (pin, (*held, f"{name} {generation.key}"))
        return found

    def placed(self) -> dict[str, tuple[str, ...]]:
        """Instance type to the zones some pool has it in."""
        found: dict[str, set[str]] = {}
        for pool in self.pools.values():
            for type_ in types_of(pool):
                found.setdefault(type_, set()).update(pool.zones)
        return {type_: tuple(sorted(zones)) for type_, zones in sorted(found.items())}


def types_of(pool: Pool) -> tuple[str, ...]:
    """The instance types of all generations of a pool, each once."""
    return tuple(dict.fromkeys(type_ for generation in pool.generations for type_ in generation.node.instance_types))
