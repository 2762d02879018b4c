"""HERD-026: every pool says how large it may get, and that is within the environment's bound.

Sources: EKS API, NodegroupScalingConfig; Karpenter, "NodePools", spec.limits and spec.replicas; ParallelCluster 3
configuration file, MaxCount (10 where nothing is said).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from components.hardware import catalogue
from components.hardware.spec import InstanceType
from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared import parallelcluster
from policies.rules._shared.kubernetes import karpenter
from policies.rules._shared.machines import templates
from policies.rules._shared.scripts.boot import SPOT_FLEET

_FLEETS: Final = {
    "aws:ec2/fleet:Fleet": ("targetCapacitySpecification", "totalTargetCapacity"),
    SPOT_FLEET: ("targetCapacity",),
}
_POOLS: Final = (*karpenter.NODE_POOLS, karpenter.PROVISIONER)
_MAX_COUNT: Final = 10
_QUANTITY: Final = re.compile(r"(\d+(?:\.\d+)?)(m|k|M|G|)")
_FACTORS: Final = {"m": 0.001, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}
_KINDS: Final = {"nvidia.com/gpu": "nvidia", "amd.com/gpu": "amd", "aws.amazon.com/neuron": "neuron"}


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """A slip of the finger, a loop that makes jobs or a stolen token makes no more machines than this."""
    if resource.type == templates.NODE_GROUP:
        yield from _size(resource.props.at("scalingConfig", "maxSize"), facts)
    elif resource.type == templates.GROUP:
        yield from _size(resource.props.at("maxSize"), facts)
    elif resource.type in _FLEETS:
        block = resource.props.at(*_FLEETS[resource.type][:-1])
        # Units may be CPUs or memory, and then say nothing of machines.
        if (block.text("targetCapacityUnitType") or "units") == "units":
            yield from _size(block.at(_FLEETS[resource.type][-1]), facts)
    elif resource.type in _POOLS:
        yield from _node_pool(resource, facts)
    else:
        for cluster in parallelcluster.clusters(resource):
            for compute in parallelcluster.compute_resources(cluster):
                at = compute.node.at("MaxCount")
                yield from _bounded(at, at.number(default=_MAX_COUNT) or 0, facts)


def _size(at: Node, facts: Facts) -> Iterator[Violation]:
    most = at.number()
    if most is None:
        yield Violation(at, "is absent: nothing says how large the pool may get")
    else:
        yield from _bounded(at, most, facts)


def _node_pool(pool: Subject, facts: Facts) -> Iterator[Violation]:
    at = pool.props.at("spec", "limits")
    if pool.type == karpenter.PROVISIONER:
        at = at.at("resources")
    limits = {name: node for name, node in at.entries().items() if node.text() is not None}
    if "nodes" in limits:
        yield from _bounded(limits["nodes"], _quantity(limits["nodes"]), facts)
        return
    replicas = pool.props.at("spec", "replicas")
    if replicas.present:
        yield from _bounded(replicas, replicas.number() or 0, facts)
        return
    if not limits:
        yield Violation(at, "are absent: Karpenter makes nodes until the account's quota is used up")
        return
    yield from _resources(pool, limits, facts)


def _resources(pool: Subject, limits: dict[str, Node], facts: Facts) -> Iterator[Violation]:
    """Limits in CPUs or GPUs, where even the largest of the types comes more often than the bound allows."""
    names = karpenter.instance_types(pool) or ()
    found = [machine for name in names if (machine := catalogue.find_type(name))]
    if facts.max_nodes is None or not found or len(found) < len(names):
        return
    bounds = {
        name: _quantity(node) / most
        for name, node in limits.items()
        if (most := max(_each(machine, name) for machine in found))
    }
    if bounds and min(bounds.values()) > facts.max_nodes:
        name = min(bounds, key=lambda one: bounds[one])
        text = f"allow {bounds[name]:.0f} nodes and more, the environment allows a pool {facts.max_nodes}"
        yield Violation(limits[name], text)


def _each(machine: InstanceType, resource: str) -> int:
    if resource == "cpu":
        return machine.vcpus
    return sum(device.count for device in machine.accelerators if device.kind == _KINDS.get(resource))


def _quantity(node: Node) -> float:
    """A number as Kubernetes spells it."""
    text = node.literal() or ""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise UnevaluatedError(Reason.MISSHAPEN, f"expected a quantity, found {text!r}", node.path)
    return float(match[1]) * _FACTORS[match[2]]


def _bounded(at: Node, most: float, facts: Facts) -> Iterator[Violation]:
    if facts.max_nodes is not None and most > facts.max_nodes:
        yield Violation(at, f"is {most:g} nodes, the environment allows a pool {facts.max_nodes}")


RULE: Final = ResourceRule(
    id="HERD-026",
    name="pool-size-bounded",
    pack="hpc",
    title="Every pool says how large it may get, within the environment's bound",
    severity=everywhere(Severity.HIGH),
    types=(*templates.GROUPS, *_FLEETS, *_POOLS, *parallelcluster.TYPES),
    properties=(
        "scalingConfig.maxSize",
        "maxSize",
        "spec.limits",
        "Scheduling.SlurmQueues.ComputeResources.MaxCount",
    ),
    why=(
        "A GPU machine costs up to a hundred dollars an hour. A pool without a maximum grows as far as a queue of wrong"
        " jobs asks for, and takes the quota from the pools that have a right to it."
    ),
    fix=(
        "Set the maximum (maxSize, spec.limits.nodes, MaxCount) within the environment's number in"
        " policies/limits.yaml; raising that number is a pull request that says why."
    ),
    check=check,
)
