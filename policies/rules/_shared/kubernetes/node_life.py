"""How long the nodes of Karpenter's pools live, and whether they may be on reserved machines."""

from __future__ import annotations

from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Stack, Subject
from policies.rules._shared.kubernetes import karpenter

NODE_POOL_BETA: Final = "kubernetes:karpenter.sh/v1beta1:NodePool"
RESERVED: Final = "reserved"
# Only reserved nodes have these labels (Karpenter, "Utilizing ODCRs"): a pool that asks for one is reserved.
_OF_RESERVED_NODES: Final = ("capacity-reservation-id", "capacity-reservation-type")


def expire_after(pool: Subject) -> Node:
    """`expireAfter`, where the version of the API has it. Absent it is 720h (Karpenter's CRDs, v1beta1 and v1)."""
    if pool.type == NODE_POOL_BETA:
        return pool.props.at("spec", "disruption", "expireAfter")
    return karpenter.template(pool).at("spec", "expireAfter")


def is_never(duration: Node) -> bool:
    """Whether a duration is `Never`."""
    return duration.literal() == "Never"


def is_stopped(pool: Subject) -> bool:
    """Whether its limits let it start nothing: it drains."""
    return pool.props.number("spec", "limits", "nodes") == 0


def takes_reserved(pool: Subject, stack: Stack) -> bool:
    """Whether it may put pods on reserved machines: Karpenter takes them before any other.

    A pool that says nothing of capacity types takes every one, and then it depends on its node class.
    """
    asked = False
    for requirement in karpenter.requirements(pool):
        if requirement.key in _OF_RESERVED_NODES and requirement.operator in ("In", "Exists"):
            return True
        if requirement.key != karpenter.CAPACITY:
            continue
        named = RESERVED in requirement.values
        if requirement.operator == "In":
            return named
        asked = asked or requirement.operator == "DoesNotExist" or (requirement.operator == "NotIn" and named)
    found = None if asked else karpenter.node_class(pool, stack)
    return found is not None and bool(karpenter.reservation_terms(found))
