"""HERD-030: several machines with EFA are in a cluster placement group, unless a reservation says where they stand.

Sources: EC2 User Guide, "Placement groups for your Amazon EC2 instances", "Capacity Blocks for ML" and "Use Capacity
Reservations with placement groups"; ParallelCluster, EfaPlacementGroupValidator, PlacementGroupCapacityTypeValidator.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared import parallelcluster
from policies.rules._shared.machines import templates
from policies.rules._shared.types import GPU_NODE_POOL
from policies.rules.hpc._template_capacity import OF_A_RESERVATION, reservations_only

PLACEMENT_GROUP: Final = "aws:ec2/placementGroup:PlacementGroup"


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """A capacity block and a targeted reservation stand where they stand: a group would only keep machines out."""
    if resource.type == templates.TEMPLATE:
        if templates.efa_interfaces(resource):
            yield from _template(resource, stack)
        return
    for cluster in parallelcluster.clusters(resource):
        for compute in parallelcluster.compute_resources(cluster):
            if compute.node.flag("Efa", "Enabled", default=False):
                yield from _compute(compute)


def _template(template: Subject, stack: Stack) -> Iterator[Violation]:
    named = templates.placement(template)
    if named is not None:
        yield from _not_a_cluster(named, stack)
        return
    if _follows_reservation(template):
        return
    used = templates.users_of(template, stack)
    groups = {use.group.urn: use.group for use in used}.values()
    if _is_one_machine(template, [*groups], stack):
        return
    without = [group for group in groups if not _is_placed(group)]
    if without or not groups:
        yield Violation(
            template.props.at("placement", "groupName"),
            "has EFA interfaces, and neither a placement group nor a reservation that says where its machines stand",
        )
    for group in groups:
        if group.props.has("placementGroup"):
            yield from _not_a_cluster(group.props.at("placementGroup"), stack)


def _follows_reservation(template: Subject) -> bool:
    """Whether the machines stand where a reservation has them."""
    only = reservations_only(template)
    return templates.market(template) in OF_A_RESERVATION or templates.filled(templates.reserves(template)) or only


def _is_placed(group: Subject) -> bool:
    """Whether an Auto Scaling group says itself where its machines stand."""
    if group.type != templates.GROUP:
        return False
    specification = group.props.at("capacityReservationSpecification")
    return bool(group.props.text("placementGroup")) or templates.filled(specification.at("capacityReservationTarget"))


def _is_one_machine(template: Subject, groups: list[Subject], stack: Stack) -> bool:
    """Whether there is never a second machine to talk to."""
    for ancestor in stack.ancestors(template):
        if ancestor.type == GPU_NODE_POOL and ancestor.props.number("maxNodes") == 1:
            return True
    return len(groups) == 1 and _most(groups[0]) <= 1


def _most(group: Subject) -> float:
    keys = ("scalingConfig", "maxSize") if group.type == templates.NODE_GROUP else ("maxSize",)
    most = group.props.number(*keys)
    return 2 if most is None else most


def _not_a_cluster(named: Node, stack: Stack) -> Iterator[Violation]:
    """A group of the stack that spreads machines; EC2 makes a cluster of one that says no strategy."""
    found = stack.named_by(named)
    if found is None or found.type != PLACEMENT_GROUP:
        found = next((one for one in stack.of_type(PLACEMENT_GROUP) if one.props.text("name") == named.text()), None)
    strategy = (found.props.literal("strategy") or "cluster").lower() if found is not None else "cluster"
    if strategy != "cluster":
        yield Violation(named, f"is in a placement group of strategy {strategy}, which puts machines apart")


def _compute(compute: parallelcluster.Compute) -> Iterator[Violation]:
    if compute.capacity_type == "CAPACITY_BLOCK" or templates.filled(compute.reservation):
        return
    if (compute.node.number("MaxCount", default=10) or 0) <= 1:
        return
    group = compute.placement_group
    if group.flag("Enabled", default=False) or group.text("Name") or group.text("Id"):
        return
    yield Violation(group, f"{compute.node.text('Name') or 'a compute resource'} has EFA and no placement group")


RULE: Final = GraphRule(
    id="HERD-030",
    name="efa-placement-group",
    pack="hpc",
    title="Several machines with EFA share a cluster placement group, unless a reservation places them",
    severity=everywhere(Severity.MEDIUM),
    types=(templates.TEMPLATE, *parallelcluster.TYPES),
    properties=("placement.groupName", "Scheduling.SlurmQueues.ComputeResources.Networking.PlacementGroup"),
    why=(
        "Without a cluster placement group EC2 may put machines of one job at opposite ends of a zone: latency doubles"
        " and collective operations run at the pace of the longest way. Capacity blocks and targeted reservations are"
        " exempt: AWS refuses a group for the one, and for the other a group that the reservation wasn't made in has"
        " no capacity although the reservation has some."
    ),
    fix=(
        "Name an aws.ec2.PlacementGroup(strategy='cluster') in the launch template's placement.groupName (in"
        " ParallelCluster: Networking.PlacementGroup.Enabled: true); one for each pool."
    ),
    mappings={"parallelcluster": ("EfaPlacementGroupValidator",)},
    check=check,
)
