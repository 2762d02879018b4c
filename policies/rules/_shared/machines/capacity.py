"""Whether the machines of a group are reserved by name."""

from __future__ import annotations

from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Stack, Subject
from policies.rules._shared.machines.templates import templates_of

CAPACITY_BLOCK: Final = "capacity-block"
# Source: EC2 Auto Scaling API, CapacityReservationSpecification: `-only` and `-first` go into reservations.
_PREFERS: Final = ("capacity-reservations-only", "capacity-reservations-first")


def is_reserved(group: Subject, stack: Stack) -> bool:
    """Whether a group's machines are reserved by name, and so paid for whether or not they run.

    Raises:
        UnevaluatedError: What would say so is hidden.
    """
    props = group.props
    if (props.literal("capacityType") or "").upper() == "CAPACITY_BLOCK":
        return True
    for specification in props.each("capacityReservationSpecification"):
        if specification.literal("capacityReservationPreference") in _PREFERS or _targets(specification):
            return True
    return any(_template_is_reserved(template.props) for template in templates_of(group, stack))


def _template_is_reserved(props: Node) -> bool:
    markets = (market.literal("marketType") for market in props.each("instanceMarketOptions"))
    return CAPACITY_BLOCK in markets or any(map(_targets, props.each("capacityReservationSpecification")))


def _targets(specification: Node) -> bool:
    return any(
        target.has(key)
        for target in specification.each("capacityReservationTarget")
        for key in (
            "capacityReservationId",
            "capacityReservationResourceGroupArn",
            "capacityReservationIds",
            "capacityReservationResourceGroupArns",
        )
    )
