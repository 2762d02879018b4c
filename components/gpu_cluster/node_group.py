"""The managed node group of one slice: arguments in the spelling of `pulumi_aws.eks.NodeGroup`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from components.capacity.spec import CapacityBlockFacts, Reservations
from components.gpu_cluster import machines, paid, window
from components.gpu_cluster.spec import NodeSpec, Phase, Repair, StaticGeneration, StaticPool, Taint
from components.k8s_platform.scheduling import DRAINING

EFFECTS: Final[Mapping[str, str]] = MappingProxyType(
    {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
)
"""Kubernetes' spelling -> EKS's. Source: EKS API, Taint."""


def fixed(pool: StaticPool, node: NodeSpec) -> dict[str, Any]:
    """What all slices of a generation have in common and never change."""
    arguments: dict[str, Any] = {"capacity_type": paid.row(pool.capacity).node_group}
    if len(node.instance_types) > 1:
        arguments["instance_types"] = list(node.instance_types)
    return arguments


def changeable(
    name: str, pool: StaticPool, generation: StaticGeneration, number: int, reservations: Reservations
) -> dict[str, Any]:
    """What EKS changes in place: sizes, labels, taints, repair."""
    node = generation.node
    taints = machines.taints(node)
    if is_draining(generation, number):
        taints = (*taints, Taint(key=DRAINING, value=generation.key, effect="NoSchedule"))
    return {
        "scaling_config": scaling(pool, reservations),
        "labels": {**machines.labels(name, generation.key, node), **machines.slice_labels(number)},
        "taints": [taint_arguments(taint) for taint in taints],
        "node_repair_config": _repair(pool.repair, pool.nodes_per_slice),
        "update_config": _update(pool),
    }


def is_draining(generation: StaticGeneration, number: int) -> bool:
    """Whether a slice takes no new work."""
    return generation.phase is Phase.DRAINING or number in generation.draining_slices


def scaling(pool: StaticPool, reservations: Reservations) -> dict[str, int]:
    """A fixed size; for a capacity block none at first, as its schedule sets the size."""
    size = pool.nodes_per_slice
    if paid.block(pool.capacity, reservations):
        return {"min_size": 0, "desired_size": 0, "max_size": size}
    return {"min_size": size, "desired_size": size, "max_size": size}


def schedules(pool: StaticPool, block: CapacityBlockFacts) -> dict[str, dict[str, Any]]:
    """The scheduled actions of a slice of a capacity block, by name: `open-0` and so on, and `close`.

    The minimum stays 0 and the maximum as it is: then the desired size is all that the schedule owns.
    """
    size = pool.nodes_per_slice
    sizes = {f"open-{at}": (cron, size) for at, cron in enumerate(window.opening(block))}
    sizes["close"] = (window.closing(block), 0)
    return {
        name: {"recurrence": cron, "time_zone": "Etc/UTC", "min_size": 0, "desired_capacity": now, "max_size": size}
        for name, (cron, now) in sizes.items()
    }


def taint_arguments(taint: Taint) -> dict[str, str]:
    """A taint as EKS spells it."""
    arguments = {"key": taint.key, "effect": EFFECTS[taint.effect]}
    return {**arguments, "value": taint.value} if taint.value else arguments


def _repair(repair: Repair, nodes: int) -> dict[str, Any]:
    """The share is of one group: of four nodes one sick one is 25 %, which a lower cap would never let be repaired."""
    if not repair.enabled:
        return {"enabled": False}
    return {
        "enabled": True,
        "max_parallel_nodes_repaired_count": repair.max_parallel,
        "max_unhealthy_node_threshold_percentage": max(repair.max_unhealthy_percent, -(-100 // nodes)),
    }


def _update(pool: StaticPool) -> dict[str, Any]:
    """One node at a time; on a full reservation there is no room for one more (terraform-aws-eks #3626)."""
    strategy = "MINIMAL" if paid.is_reserved(pool.capacity) else "DEFAULT"
    return {"max_unavailable": 1, "update_strategy": strategy}
