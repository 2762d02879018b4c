"""HERD-065: EFA interfaces are exactly those that the catalogue has for the instance type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared import parallelcluster
from policies.rules._shared.kubernetes import karpenter
from policies.rules._shared.machines import instance_types, interfaces, templates

_KARPENTER: Final = ("interface", "efa-only")
"""What a node class takes. Source: Karpenter, CRD of EC2NodeClass."""


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """One EFA interface on every card that takes one, none elsewhere; whether `efa` or `efa-only` is free."""
    if resource.type == templates.TEMPLATE:
        at = resource.props.at("networkInterfaces")
        wired = interfaces.asked(at)
        if any(one.is_efa for one in wired):
            yield from _told(interfaces.on_any_machine(wired))
            yield from _by_type(templates.instance_types(resource, stack), wired, at)
    elif resource.type in karpenter.EC2_NODE_CLASSES:
        yield from _node_class(resource, stack)
    else:
        for cluster in parallelcluster.clusters(resource):
            for compute in parallelcluster.compute_resources(cluster):
                yield from _compute(compute)


def _node_class(found: Subject, stack: Stack) -> Iterator[Violation]:
    at = found.props.at("spec", "networkInterfaces")
    wired = interfaces.asked(at)
    if not any(one.is_efa for one in wired):
        return
    for one in wired:
        if one.kind not in _KARPENTER:
            yield Violation(one.node.at("interfaceType"), f"is {one.kind}: Karpenter takes {' and '.join(_KARPENTER)}")
    yield from _told(interfaces.on_any_machine(wired))
    types: dict[str, Node] = {}
    for pool in karpenter.pools_of(found, stack):
        for name in karpenter.instance_types(pool) or ():
            types[name] = karpenter.template(pool).at("spec", "requirements")
    yield from _by_type(types, wired, at)


def _by_type(types: Mapping[str, Node], wired: tuple[interfaces.Asked, ...], at: Node) -> Iterator[Violation]:
    """Judge by every type; those that the catalogue doesn't know come last, so that the others are judged.

    Raises:
        UnevaluatedError: Nobody says the type, or the catalogue doesn't know it.
    """
    if not types:
        message = "no instance type is named, and EFA interfaces differ by type"
        raise UnevaluatedError(Reason.ABSENT, message, at.path)
    unknown = instance_types.unknown_types(types)
    for name in types:
        if name not in unknown:
            yield from _told(interfaces.on(instance_types.machine(name, types[name]), wired, at))
    for name in unknown:
        instance_types.machine(name, at)


def _compute(compute: parallelcluster.Compute) -> Iterator[Violation]:
    """ParallelCluster wires the cards itself; the type has to have EFA."""
    at = compute.node.at("Efa", "Enabled")
    if not at.flag(default=False):
        return
    unknown = instance_types.unknown_types(compute.instance_types)
    for name in compute.instance_types:
        if name not in unknown and not instance_types.machine(name, at).efa_supported:
            yield Violation(at, f"asks for EFA, which {name} doesn't have")
    for name in unknown:
        instance_types.machine(name, at)


def _told(found: Iterator[tuple[Node, str]]) -> Iterator[Violation]:
    yield from (Violation(node, message) for node, message in found)


RULE: Final = GraphRule(
    id="HERD-065",
    name="efa-interfaces-of-the-type",
    pack="hpc",
    title="EFA interfaces are exactly those that the instance type has",
    severity=everywhere(Severity.HIGH),
    types=(templates.TEMPLATE, *karpenter.EC2_NODE_CLASSES, *parallelcluster.TYPES),
    properties=(
        "networkInterfaces",
        "spec.networkInterfaces",
        "Scheduling.SlurmQueues.ComputeResources.Efa.Enabled",
    ),
    why=(
        "Cards differ by type: p5.48xlarge has 32, all with EFA, p6-b300.48xlarge 17, of which the first has none. A"
        " list that is wrong makes EC2 refuse the machine in the middle of the night (aws-parallelcluster #7143, eksctl"
        " #7520), one that is short gives away bandwidth that is paid for."
    ),
    fix=(
        "Make the list from the catalogue (`components.hardware.wiring.interfaces`, or `herd hardware show TYPE`): a"
        " primary interface on card 0, device 0, and one EFA interface on each card that takes one."
    ),
    check=check,
)
