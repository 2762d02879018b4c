"""How each kind of capacity is asked for: one row each, for launch templates, node groups and Karpenter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from components.base.problems import InvalidInputError
from components.capacity.spec import (
    Capacity,
    CapacityBlock,
    CapacityBlockFacts,
    OnDemand,
    OpenReservation,
    ReservationFacts,
    Reservations,
    Reserved,
    Spot,
    TargetedReservation,
    TargetedReservationFacts,
)
from components.gpu_cluster.spec import Pool, StaticPool


@dataclass(frozen=True, slots=True)
class Row:
    """How one kind of capacity is asked for.

    Attributes:
        node_group: `capacityType` of a managed node group. Source: EKS API, CreateNodegroup.
        karpenter: Values of `karpenter.sh/capacity-type`, which Karpenter tries cheapest first. Source: Karpenter,
            "Utilizing On-Demand Capacity Reservations and Capacity Blocks".
        preference: What a launch template says of open reservations; None where it says nothing.
        market: The launch template's market; None for the usual one. EKS refuses `spot` there: its node group says so.
        targets: Whether the launch template names the reservation.
    """

    node_group: str
    karpenter: tuple[str, ...]
    preference: str | None = None
    market: str | None = None
    targets: bool = False


ROWS: Final[Mapping[type, Row]] = MappingProxyType(
    {
        # Without "none", EC2 puts plain instances into any open reservation that fits, which another pool was promised.
        OnDemand: Row("ON_DEMAND", ("on-demand",), preference="none"),
        Spot: Row("SPOT", ("spot",)),
        OpenReservation: Row("ON_DEMAND", ("reserved", "on-demand"), preference="open"),
        TargetedReservation: Row("ON_DEMAND", ("reserved",), targets=True),
        CapacityBlock: Row("CAPACITY_BLOCK", ("reserved",), market="capacity-block", targets=True),
    }
)
"""Sources: EC2 API, CapacityReservationSpecification (`open` and `none` never with a target); EKS User Guide, "Create
a managed node group with Capacity Blocks for ML"."""


def row(capacity: Capacity) -> Row:
    """How a kind of capacity is asked for."""
    return ROWS[type(capacity)]


def is_reserved(capacity: Capacity) -> bool:
    """Whether AWS holds the machines, used or not: then giving one back saves nothing."""
    return isinstance(capacity, Reserved)


def reservation(capacity: Capacity, reservations: Reservations) -> ReservationFacts | None:
    """The reservation that a pool is paid for with, None if there is none.

    Raises:
        InvalidInputError: The stack has no reservation of that name.
    """
    if not isinstance(capacity, Reserved):
        return None
    if capacity.reservation not in reservations:
        text = f"the stack has no reservation {capacity.reservation!r}"
        fix = f"name one of {', '.join(sorted(reservations))}" if reservations else "declare it under reservations"
        raise InvalidInputError.one(text, field="capacity.reservation", fix=fix)
    return reservations[capacity.reservation]


def block(capacity: Capacity, reservations: Reservations) -> CapacityBlockFacts | None:
    """The capacity block of a pool that is paid for with one, None for every other."""
    found = reservation(capacity, reservations) if isinstance(capacity, CapacityBlock) else None
    return found if isinstance(found, CapacityBlockFacts) else None


def market(capacity: Capacity, reservations: Reservations) -> dict[str, Any]:
    """What a launch template says of capacity: a preference or a target, and the market."""
    asked, found = row(capacity), reservation(capacity, reservations)
    arguments: dict[str, Any] = {}
    if asked.preference:
        arguments["capacity_reservation_specification"] = {"capacity_reservation_preference": asked.preference}
    if asked.targets and found is not None:
        arguments["capacity_reservation_specification"] = _target(found)
    if asked.market:
        arguments["instance_market_options"] = {"market_type": asked.market}
    return arguments


def _target(found: ReservationFacts) -> dict[str, Any]:
    """A reservation that is full refuses; a group that is full would give on-demand machines unless told otherwise.

    Source: EC2 API, CapacityReservationSpecification: `capacity-reservations-only`, the one preference that goes with a
    target; Karpenter v1.14, launchtemplate/types.go, says both in a launch template.
    """
    if isinstance(found, TargetedReservationFacts) and found.group:
        target = {"capacity_reservation_resource_group_arn": found.group}
        return {
            "capacity_reservation_preference": "capacity-reservations-only",
            "capacity_reservation_target": target,
        }
    return {"capacity_reservation_target": {"capacity_reservation_id": found.id}}


def selector(capacity: Capacity, reservations: Reservations) -> list[dict[str, str]]:
    """Karpenter's `capacityReservationSelectorTerms`; empty without a reservation. Karpenter matches no open
    reservation by itself: those too are named.

    Raises:
        InvalidInputError: A resource group of reservations, which Karpenter can't name.
    """
    found = reservation(capacity, reservations)
    if found is None:
        return []
    if found.id is None:
        text = "Karpenter names reservations by id, and this one is a resource group"
        raise InvalidInputError.one(text, field="capacity.reservation", fix="make the pool static, or name one by id")
    return [{"id": found.id}]


def foreign_placement_group(capacity: Capacity, reservations: Reservations) -> str | None:
    """The placement group that a targeted reservation was made in: only instances in it may use the reservation."""
    found = reservation(capacity, reservations)
    return found.placement_group if isinstance(found, TargetedReservationFacts) else None


def makes_placement_group(pool: Pool, reservations: Reservations) -> bool:
    """Whether a generation has a placement group of its own.

    One a generation: its launch template, which names it, serves all its slices, jobs span slices and not
    generations, and it goes when the generation goes.
    """
    if not isinstance(pool, StaticPool) or pool.placement != "cluster":
        return False
    return foreign_placement_group(pool.capacity, reservations) is None
