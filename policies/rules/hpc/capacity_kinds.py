"""HERD-066: what is said of capacity in several places fits together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared import parallelcluster
from policies.rules._shared.kubernetes import karpenter
from policies.rules._shared.machines import templates
from policies.rules.hpc import _cluster_capacity, _karpenter_capacity, _template_capacity


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Most of these are refused when the first machine starts, in its window; some cost money for nothing."""
    if resource.type == templates.TEMPLATE:
        yield from _template_capacity.of_template(resource)
    elif resource.type == templates.NODE_GROUP:
        yield from _template_capacity.of_node_group(resource, stack)
    elif resource.type == templates.GROUP:
        yield from _template_capacity.of_group(resource, stack)
    elif resource.type in karpenter.NODE_POOLS:
        yield from _karpenter_capacity.of_node_pool(resource, stack)
    else:
        for cluster in parallelcluster.clusters(resource):
            for compute in parallelcluster.compute_resources(cluster):
                yield from _cluster_capacity.of_compute(compute)


RULE: Final = GraphRule(
    id="HERD-066",
    name="capacity-kinds-agree",
    pack="hpc",
    title="What is said of capacity in several places fits together",
    severity=everywhere(Severity.HIGH),
    types=(templates.TEMPLATE, *templates.GROUPS, *karpenter.NODE_POOLS, *parallelcluster.TYPES),
    properties=(
        "instanceMarketOptions.marketType",
        "capacityReservationSpecification",
        "capacityType",
        "instanceTypes",
        "placement",
        "mixedInstancesPolicy",
        "spec.template.spec.requirements",
        "Scheduling.SlurmQueues.CapacityType",
        "Scheduling.SlurmQueues.CapacityReservationTarget",
    ),
    why=(
        "On demand, spot, open and targeted reservations and capacity blocks exclude each other, and AWS lets all be"
        " written down at once. The contradiction shows when the first machine starts: a capacity block's window"
        " passes with every launch refused, or a reservation is paid for while its pool runs elsewhere."
    ),
    fix=(
        "Say one kind of capacity: a capacity block is marketType capacity-block, its id as the target, one type, no"
        " placement group, as many machines as it has, and capacityType CAPACITY_BLOCK; a targeted reservation is its"
        " id and no market; spot is neither."
    ),
    mappings={
        "parallelcluster": (
            "CapacityReservationValidator",
            "ComputeResourceSizeValidator",
            "PlacementGroupCapacityReservationValidator",
            "PlacementGroupCapacityTypeValidator",
        )
    },
    check=check,
)
