"""Which nodes a pod's selectors and affinities choose, and whether two choices have a node in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policies.engine.node import Node


@dataclass(frozen=True)
class Requirement:
    """What a label must be: Kubernetes' NodeSelectorRequirement."""

    key: str
    operator: str
    values: frozenset[str]

    def excludes(self, other: Requirement) -> bool:
        """Whether no node meets both."""
        return self.key == other.key and (_excludes(self, other) or _excludes(other, self))


Choice = tuple[tuple[Requirement, ...], ...]
"""Alternatives, each a list of requirements that must all hold."""

ANY_NODE: Choice = ((),)


def chosen(spec: Node) -> Choice:
    """The nodes of a pod spec, or of a chart's values that look like one (`nodeSelector`, `affinity`)."""
    fixed = tuple(
        Requirement(key, "In", frozenset([text]))
        for key, node in spec.entries("nodeSelector").items()
        if (text := node.text()) is not None
    )
    required = spec.at("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    terms = [
        tuple(_requirement(node) for node in term.each("matchExpressions"))
        for term in required.each("nodeSelectorTerms")
    ]
    return tuple((*fixed, *term) for term in terms) if terms else (fixed,)


def with_label(choice: Choice, key: str, value: str) -> Choice:
    """A choice among nodes that have a label."""
    return tuple((*term, Requirement(key, "In", frozenset([value]))) for term in choice)


def apart(one: Choice, other: Choice) -> bool:
    """Whether no node is in both choices."""
    return all(_contradict(mine, theirs) for mine in one for theirs in other)


def _contradict(one: Iterable[Requirement], other: Iterable[Requirement]) -> bool:
    theirs = tuple(other)
    return any(mine.excludes(their) for mine in one for their in theirs)


def _excludes(one: Requirement, other: Requirement) -> bool:
    if one.operator == "In":
        return (
            (other.operator == "In" and not one.values & other.values)
            or (other.operator == "NotIn" and one.values <= other.values)
            or other.operator == "DoesNotExist"
        )
    return one.operator in ("Exists", "Gt", "Lt") and other.operator == "DoesNotExist"


def _requirement(node: Node) -> Requirement:
    return Requirement(node.text("key") or "", node.literal("operator") or "In", frozenset(node.texts("values")))
