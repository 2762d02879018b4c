"""How Karpenter's node pools and node classes contradict themselves about capacity.

Source: Karpenter v1.14, "Utilizing On-Demand Capacity Reservations and Capacity Blocks": reserved capacity is a
capacity type of its own, and comes from the reservations that the node class selects, and from no others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.node import Node
from policies.engine.rule import Violation
from policies.engine.subject import Stack, Subject
from policies.rules._shared.kubernetes import karpenter
from policies.rules._shared.kubernetes.node_life import RESERVED

_KINDS: Final = (RESERVED, "on-demand", "spot")
_RESERVATION: Final = ("capacity-reservation-id", "capacity-reservation-type", "capacity-reservation-interruptible")


def of_node_pool(pool: Subject, stack: Stack) -> Iterator[Violation]:
    """What a node pool says beside its node class."""
    requirements = list(karpenter.requirements(pool))
    kinds, at = _kinds(requirements, karpenter.template(pool).at("spec", "requirements"))
    if not kinds:
        yield Violation(at, "leaves no kind of capacity: no node is ever made")
        return
    for requirement in requirements:
        if requirement.key in _RESERVATION and requirement.operator in ("In", "Exists") and RESERVED not in kinds:
            text = f"asks for nodes of a reservation ({requirement.key}), and the capacity type is {', '.join(kinds)}"
            yield Violation(requirement.node, text)
    found = karpenter.node_class(pool, stack)
    if found is None:
        return
    terms = karpenter.reservation_terms(found)
    if terms and RESERVED not in kinds:
        text = f"is {', '.join(kinds)}, and {_name(found)} selects reservations: they are paid for and never used"
        yield Violation(at, text)
    # EKS Auto Mode finds open reservations by itself, Karpenter never does.
    if kinds == (RESERVED,) and not terms and found.type in karpenter.EC2_NODE_CLASSES:
        yield Violation(at, f"is {RESERVED}, and {_name(found)} selects no reservation: no node is ever made")
    group = found.props.at("spec", "placementGroupSelector")
    blocks = karpenter.values(pool, "capacity-reservation-type")
    if blocks is not None and "capacity-block" in blocks and group.present:
        yield Violation(group, f"{_name(found)} names a placement group, and a capacity block takes none")


def _kinds(requirements: list[karpenter.Requirement], none: Node) -> tuple[tuple[str, ...], Node]:
    """The kinds of capacity that a pool allows, and the place that says so; all where nothing is said."""
    kinds: tuple[str, ...] = _KINDS
    at = none
    for requirement in requirements:
        if requirement.key != karpenter.CAPACITY:
            continue
        at = requirement.node
        if requirement.operator == "In":
            kinds = tuple(kind for kind in kinds if kind in requirement.values)
        elif requirement.operator == "NotIn":
            kinds = tuple(kind for kind in kinds if kind not in requirement.values)
        elif requirement.operator == "DoesNotExist":
            kinds = ()
    return kinds, at


def _name(found: Subject) -> str:
    return found.props.text("metadata", "name") or found.name
