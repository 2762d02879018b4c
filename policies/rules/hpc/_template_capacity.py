"""How launch templates and the groups that use them contradict themselves about capacity.

Sources: EC2 API, InstanceMarketOptionsRequest and CapacityReservationSpecification; EC2 User Guide, "Capacity Blocks
for ML" and "Capacity Reservations" (neither spot nor a placement group); EKS User Guide, "Customize managed nodes with
launch templates" and "Create a managed node group with Capacity Blocks for ML"; EC2 Auto Scaling User Guide, "Use
Capacity Blocks for machine learning workloads" and "Auto Scaling groups with multiple instance types and purchase
options".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.node import Node
from policies.engine.rule import Violation
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared.machines import templates
from policies.rules._shared.machines.capacity import CAPACITY_BLOCK

SPOT: Final = "spot"
OF_A_RESERVATION: Final = (CAPACITY_BLOCK, "interruptible-capacity-reservation")
"""Markets that exist only within a reservation."""
_ONLY: Final = "capacity-reservations-only"
_ID: Final = "capacityReservationId"
_GROUP: Final = "capacityReservationResourceGroupArn"


def of_template(template: Subject) -> Iterator[Violation]:
    """What a launch template says by itself."""
    at = template.props.at("instanceMarketOptions", "marketType")
    market, target = templates.market(template), templates.reserves(template)
    preference = template.props.at("capacityReservationSpecification", "capacityReservationPreference")
    prefers = (preference.literal() or "").lower()
    named = templates.filled(target)
    if market == SPOT and named:
        yield Violation(target, "targets a reservation, and the market is spot: spot machines never run in one")
    elif market == SPOT and prefers == _ONLY:
        yield Violation(preference, f"says {prefers}, and the market is spot: spot machines never run in a reservation")
    if market in OF_A_RESERVATION:
        if not named:
            yield Violation(at, f"is {market}, and no {_ID} says which")
        if templates.filled(template.props.at("instanceMarketOptions", "spotOptions")):
            node = template.props.at("instanceMarketOptions", "spotOptions")
            yield Violation(node, f"has options of spot machines, and the market is {market}")
    if named:
        yield from _target(target, preference, prefers)
    group = templates.placement(template)
    if market == CAPACITY_BLOCK and group is not None:
        yield Violation(
            group, f"is placement group {group.text()}: a capacity block takes none, AWS places its machines"
        )
    requirements = template.props.at("instanceRequirements")
    if templates.filled(requirements) and (market == CAPACITY_BLOCK or target.text(_ID)):
        yield Violation(requirements, "choose among types, and the reservation is of one type")


def _target(target: Node, preference: Node, prefers: str) -> Iterator[Violation]:
    if prefers and prefers != _ONLY:
        yield Violation(preference, f"says {prefers} beside a target: EC2 takes one of them")
    if target.text(_ID) and target.text(_GROUP):
        yield Violation(target, "names a reservation and a group of reservations: EC2 takes one of them")


def of_node_group(group: Subject, stack: Stack) -> Iterator[Violation]:
    """What a managed node group says beside its launch template.

    Raises:
        UnevaluatedError: The template is outside of what is judged, and could contradict.
    """
    at = group.props.at("capacityType")
    kind = (at.literal() or "ON_DEMAND").upper()
    types = group.props.texts("instanceTypes")
    if kind == "CAPACITY_BLOCK":
        if not list(templates.uses(group)):
            yield Violation(at, "is CAPACITY_BLOCK, and no launch template says which block")
        if types:
            node = group.props.at("instanceTypes")
            yield Violation(node, "stand in the node group: of a capacity block the launch template names the one type")
    for template in templates.templates_of(group, stack):
        yield from _markets(template, kind, at)
        if templates.reserves(template).text(_ID) and len(types) > 1 and kind != "CAPACITY_BLOCK":
            message = f"are {', '.join(types)}, and the reservation that {template.name} targets is of one type"
            yield Violation(group.props.at("instanceTypes"), message)
    if kind != "ON_DEMAND" and templates.has_unseen_template(group, stack):
        message = f"is {kind}, and what the launch template says of capacity is outside of what is judged"
        raise UnevaluatedError(Reason.ABSENT, message, at.path)


def _markets(template: Subject, kind: str, at: Node) -> Iterator[Violation]:
    market = templates.market(template)
    if market == SPOT:
        yield Violation(at, f"{template.name} asks for the spot market, which EKS refuses: say capacityType SPOT")
    elif kind == "CAPACITY_BLOCK" and market != CAPACITY_BLOCK:
        yield Violation(at, f"is CAPACITY_BLOCK, and the market of {template.name} is {market or 'on-demand'}")
    elif kind != "CAPACITY_BLOCK" and market == CAPACITY_BLOCK:
        yield Violation(at, f"is {kind}, and the market of {template.name} is {market}")
    if kind == "SPOT" and _reserves(template):
        yield Violation(at, f"is SPOT, and {template.name} is bound to reservations: spot never runs in one")


def of_group(group: Subject, stack: Stack) -> Iterator[Violation]:
    """What an Auto Scaling group says beside its launch templates."""
    policies = list(group.props.each("mixedInstancesPolicy"))
    own = group.props.at("capacityReservationSpecification")
    yield from _own_reservation(group, own)
    reserved = templates.filled(own.at("capacityReservationTarget"))
    share = _spot_share(policies)
    if reserved and share is not None:
        yield Violation(share, f"leaves a share to spot, and the group targets reservations: {share.text()} %, not 100")
    for template in templates.templates_of(group, stack):
        market = templates.market(template)
        if policies and market in (SPOT, CAPACITY_BLOCK):
            text = f"{template.name} asks for the {market} market, which no policy of mixed instances takes"
            yield Violation(policies[0], text)
        if share is not None and _reserves(template):
            text = f"leaves a share to spot, and {template.name} is bound to reservations: {share.text()} %, not 100"
            yield Violation(share, text)
        if market == SPOT and reserved:
            yield Violation(own, f"targets reservations, and {template.name} asks for the spot market")
        node = group.props.at("placementGroup")
        if market == CAPACITY_BLOCK and node.text():
            yield Violation(node, f"is placement group {node.text()}: a capacity block takes none")
        types = sorted({use.instance_type for use in templates.uses(group) if use.instance_type})
        if templates.reserves(template).text(_ID) and len(types) > 1:
            text = f"lists {', '.join(types)}, and the reservation that {template.name} targets is of one type"
            yield Violation(policies[0], text)


def _own_reservation(group: Subject, own: Node) -> Iterator[Violation]:
    at = own.at("capacityReservationPreference")
    prefers = (at.literal() or "").lower()
    if prefers == "none" and templates.filled(own.at("capacityReservationTarget")):
        yield Violation(at, "says none beside a target")


def _spot_share(policies: list[Node]) -> Node | None:
    """The place that leaves a share of the machines to spot; without one all are on demand."""
    for policy in policies:
        at = policy.at("instancesDistribution", "onDemandPercentageAboveBaseCapacity")
        if (at.number(default=100) or 0) < 100:  # noqa: PLR2004 - per cent
            return at
    return None


def _reserves(template: Subject) -> bool:
    only = reservations_only(template)
    return templates.filled(templates.reserves(template)) or only


def reservations_only(template: Subject) -> bool:
    """Whether a template's preference keeps its machines within reservations, whichever these are."""
    preference = template.props.literal("capacityReservationSpecification", "capacityReservationPreference")
    return (preference or "").lower() == _ONLY
