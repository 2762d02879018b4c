"""Karpenter's node pools and node classes, and those of EKS Auto Mode, which are of the same make.

Sources: Karpenter v1.14, concepts/nodepools and concepts/nodeclasses; EKS User Guide, "Create a node pool for EKS Auto
Mode".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from components.hardware import catalogue
from policies.engine.node import Node
from policies.engine.subject import Stack, Subject
from policies.engine.values import UnevaluatedError
from policies.rules._shared.machines.templates import EFA
from policies.rules._shared.once import once_a_stack

NODE_POOLS: Final = ("kubernetes:karpenter.sh/v1:NodePool", "kubernetes:karpenter.sh/v1beta1:NodePool")
PROVISIONER: Final = "kubernetes:karpenter.sh/v1alpha5:Provisioner"
"""What a pool was before v1beta1: what is its template's there is its own here."""
EC2_NODE_CLASSES: Final = (
    "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass",
    "kubernetes:karpenter.k8s.aws/v1beta1:EC2NodeClass",
)
AUTO_NODE_CLASSES: Final = ("kubernetes:eks.amazonaws.com/v1:NodeClass",)

TYPE: Final = "node.kubernetes.io/instance-type"
ZONE: Final = "topology.kubernetes.io/zone"
ZONE_ID: Final = "topology.k8s.aws/zone-id"
CAPACITY: Final = "karpenter.sh/capacity-type"
FAMILY: Final = "instance-family"
CATEGORY: Final = "instance-category"
SIZE: Final = "instance-size"
_DOMAINS: Final = ("karpenter.k8s.aws", "eks.amazonaws.com")
# What Kubernetes called the labels before 1.17, which Karpenter still reads.
_OLD: Final = {
    "beta.kubernetes.io/instance-type": TYPE,
    "failure-domain.beta.kubernetes.io/zone": ZONE,
}


@dataclass(frozen=True)
class Requirement:
    """A requirement of a node pool; a label of its template counts as one.

    Attributes:
        key: The label, without the domain where it is Karpenter's or Auto Mode's.
        operator: In, NotIn, Exists, DoesNotExist, Gt, Lt, Gte, Lte.
        values: The values.
        node: Its place.
    """

    key: str
    operator: str
    values: tuple[str, ...]
    node: Node


def template(pool: Subject) -> Node:
    """What the pool's nodes are like."""
    return pool.props if pool.type == PROVISIONER else pool.props.at("spec", "template")


def requirements(pool: Subject) -> Iterator[Requirement]:
    """The requirements of a pool."""
    labels = pool.props.at("spec", "labels") if pool.type == PROVISIONER else template(pool).at("metadata", "labels")
    for label, node in labels.entries().items():
        value = node.text()
        if value is not None:
            yield Requirement(_key(label), "In", (value,), node)
    for node in template(pool).each("spec", "requirements"):
        key = _key(node.literal("key") or "")
        listed = node.at("values")
        texts = listed.texts()
        if pool.may_have_blanks and listed.is_list and any("${" in text for text in texts):
            # Raises where one is filled in later: what is left over would be no requirement of this pool.
            for one in listed.each():
                one.literal()
        yield Requirement(key, node.literal("operator") or "In", texts, node)


def values(pool: Subject, key: str) -> tuple[str, ...] | None:
    """The values that a label may have; None if nothing lists them."""
    found: tuple[str, ...] | None = None
    for requirement in requirements(pool):
        if requirement.key == key and requirement.operator == "In":
            allowed = frozenset(requirement.values)
            found = requirement.values if found is None else tuple(value for value in found if value in allowed)
    return found


def instance_types(pool: Subject) -> tuple[str, ...] | None:
    """The instance types that a pool lists, by name or by family and size; None if it lists none."""
    named = values(pool, TYPE)
    if named is not None:
        return named
    families = values(pool, FAMILY)
    return None if families is None else _types_of(families, values(pool, SIZE))


@lru_cache(maxsize=256)
def _types_of(families: tuple[str, ...], sizes: tuple[str, ...] | None) -> tuple[str, ...]:
    return tuple(
        machine.name
        for machine in catalogue.all_types()
        if machine.family in families and (sizes is None or machine.name.partition(".")[2] in sizes)
    )


def node_class(pool: Subject, stack: Stack) -> Subject | None:
    """The node class of a pool, None if it is outside the stack."""
    reference = template(pool).at("spec", "nodeClassRef")
    name, kind = reference.text("name"), reference.literal("kind")
    types = AUTO_NODE_CLASSES if kind == "NodeClass" else EC2_NODE_CLASSES
    named = stack.target(name)
    if named is not None and named.type in types:
        return named
    index = _index(stack)
    for type_ in types:
        if found := index.classes.get((type_, name or "")):
            return found
    if index.unsure is not None:
        raise index.unsure
    return None


def pools_of(found: Subject, stack: Stack) -> tuple[Subject, ...]:
    """The pools of a node class.

    Raises:
        UnevaluatedError: Some pool's class is unknown, and may be this one.
    """
    return tuple(_pools_by_class(stack).get(found.urn, ()))


@once_a_stack
def _pools_by_class(stack: Stack) -> dict[str, list[Subject]]:
    pools: dict[str, list[Subject]] = {}
    for pool in stack.of_type(*NODE_POOLS):
        if (named := node_class(pool, stack)) is not None:
            pools.setdefault(named.urn, []).append(pool)
    return pools


def efa_interfaces(found: Subject) -> tuple[Node, ...]:
    """The interfaces of a node class that have EFA (`spec.networkInterfaces`, since Karpenter 1.11)."""
    interfaces = found.props.each("spec", "networkInterfaces")
    return tuple(node for node in interfaces if (node.literal("interfaceType") or "") in EFA)


def reservation_terms(found: Subject) -> tuple[Node, ...]:
    """The terms by which a node class selects capacity reservations."""
    return tuple(found.props.each("spec", "capacityReservationSelectorTerms"))


@dataclass
class _Classes:
    classes: dict[tuple[str, str], Subject] = field(default_factory=dict)
    unsure: UnevaluatedError | None = None


@once_a_stack
def _index(stack: Stack) -> _Classes:
    """Node classes by type and name."""
    index = _Classes()
    for found in stack.of_type(*EC2_NODE_CLASSES, *AUTO_NODE_CLASSES):
        try:
            index.classes.setdefault((found.type, found.props.text("metadata", "name") or found.name), found)
        except UnevaluatedError as error:
            # Kept, and raised when a pool's class isn't found: it may be this one.
            index.unsure = error
    return index


def _key(label: str) -> str:
    domain, _, name = label.partition("/")
    return name if domain in _DOMAINS else _OLD.get(label, label)
