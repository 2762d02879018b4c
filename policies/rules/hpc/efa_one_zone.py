"""HERD-031: a pool with EFA lives in one availability zone.

Source: EC2 User Guide, "Elastic Fabric Adapter", limitations (EFA traffic crosses neither zones nor VPCs);
ParallelCluster, EfaMultiAzValidator. For such pools this waives AutoScaling.2 (several zones).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, Reference, UnevaluatedError
from policies.rules._shared import parallelcluster
from policies.rules._shared.kubernetes import karpenter
from policies.rules._shared.machines import instance_types, templates
from policies.rules._shared.types import SUBNET


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """EFA traffic never crosses zones: machines elsewhere have a fast card that reaches nobody."""
    if resource.type in templates.GROUPS:
        yield from _group(resource, stack)
    elif resource.type in karpenter.NODE_POOLS:
        yield from _node_pool(resource, stack)
    else:
        for cluster in parallelcluster.clusters(resource):
            for queue in parallelcluster.queues(cluster):
                yield from _queue(queue, stack)


def _group(group: Subject, stack: Stack) -> Iterator[Violation]:
    at = group.props.at("subnetIds" if group.type == templates.NODE_GROUP else "vpcZoneIdentifiers")
    zones = group.props.at("availabilityZones")
    if not list(templates.uses(group)):
        return
    if any(templates.efa_interfaces(template) for template in templates.templates_of(group, stack)):
        yield from (Violation(node, f"has EFA and {_told(node)}") for node in (at, zones) if _spreads(node, stack))
    elif templates.has_unseen_template(group, stack):
        types = templates.types_of_group(group, stack)
        if (not types or instance_types.takes_efa(types)) and (_spreads(at, stack) or _spreads(zones, stack)):
            message = "whether the machines have EFA is in a launch template outside of what is judged"
            raise UnevaluatedError(Reason.ABSENT, message, ("launchTemplate",))


def _node_pool(pool: Subject, stack: Stack) -> Iterator[Violation]:
    zones = karpenter.values(pool, karpenter.ZONE)
    if zones is None:
        zones = karpenter.values(pool, karpenter.ZONE_ID)
    if zones is not None and len(zones) == 1:
        return
    found = karpenter.node_class(pool, stack)
    if found is None:
        types = karpenter.instance_types(pool)
        # Interfaces differ by type: a class with EFA serves pools that list their types, and no others.
        if types is not None and instance_types.takes_efa(types):
            message = "whether the nodes have EFA is in a node class outside of what is judged"
            raise UnevaluatedError(Reason.ABSENT, message, ("spec", "template", "spec", "nodeClassRef"))
        return
    if not karpenter.efa_interfaces(found):
        return
    at = next(
        (one.node for one in karpenter.requirements(pool) if one.key in (karpenter.ZONE, karpenter.ZONE_ID)),
        karpenter.template(pool).at("spec", "requirements"),
    )
    if zones is not None:
        yield Violation(at, f"has EFA and zones {', '.join(zones)}")
        return
    terms = list(found.props.each("spec", "subnetSelectorTerms"))
    ids = [term.text("id") for term in terms]
    if all(ids) and ids and not _several([one for one in ids if one], stack):
        return
    yield Violation(at, "has EFA and no requirement of one zone")


def _queue(queue: Node, stack: Stack) -> Iterator[Violation]:
    at = queue.at("Networking", "SubnetIds")
    if not _spreads(at, stack):
        return
    for compute in queue.each("ComputeResources"):
        if compute.flag("Efa", "Enabled", default=False):
            name = compute.text("Name") or "a compute resource"
            yield Violation(at, f"{name} has EFA, and its queue {_told(at)}")


def _spreads(node: Node, stack: Stack) -> bool:
    """Whether a list of subnets or zones is of more than one zone.

    Raises:
        UnevaluatedError: Only the cloud knows how many there are.
    """
    names = node.texts()
    # A render shows a list that only the cloud knows by its first element, or by one symbol for the whole.
    if len(names) == 1 and isinstance(names[0], Reference) and (not node.is_list or names[0].path.endswith("[0]")):
        raise UnevaluatedError(Reason.UNKNOWN, f"only the cloud knows how many there are ({names[0]})", node.path)
    return _several(list(names), stack)


def _several(names: list[str], stack: Stack) -> bool:
    """Whether these subnets or zones are in more than one zone; subnets of the stack say in which they are."""
    different = list(dict.fromkeys(names))
    if len(different) <= 1:
        return False
    zones = set[str]()
    for name in different:
        found = stack.target(name)
        if found is None or found.type != SUBNET:
            return True
        zone = found.props.text("availabilityZone") or found.props.text("availabilityZoneId")
        if zone is None:
            return True
        zones.add(zone)
    return len(zones) > 1


def _told(node: Node) -> str:
    what = "zones" if node.path[-1] == "availabilityZones" else "subnets"
    return f"{len(node.texts())} {what}, not one: EFA never crosses zones"


RULE: Final = GraphRule(
    id="HERD-031",
    name="efa-pool-in-one-zone",
    pack="hpc",
    title="A pool with EFA lives in one availability zone",
    severity=everywhere(Severity.MEDIUM),
    types=(*templates.GROUPS, *karpenter.NODE_POOLS, *parallelcluster.TYPES),
    properties=(
        "subnetIds",
        "vpcZoneIdentifiers",
        "availabilityZones",
        "spec.template.spec.requirements",
        "Scheduling.SlurmQueues.Networking.SubnetIds",
    ),
    why=(
        "EFA traffic crosses neither zones nor VPCs. A job with machines of two zones hangs at its first collective"
        " operation, or runs over TCP; generic rules that ask for several zones (AutoScaling.2) are wrong here."
    ),
    fix="Name one subnet; for more zones make a pool for each, and let jobs choose one of them.",
    mappings={"parallelcluster": ("EfaMultiAzValidator",)},
    check=check,
)
