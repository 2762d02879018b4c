"""HERD-023: no machine gets a public address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared import parallelcluster
from policies.rules._shared.kubernetes import karpenter
from policies.rules._shared.scripts.boot import (
    INSTANCE,
    LAUNCH_CONFIGURATION,
    LAUNCH_TEMPLATE,
    NODE_TEMPLATE,
    SPOT_FLEET,
    SPOT_INSTANCE,
)
from policies.rules._shared.types import SUBNET

_DEFAULT_SUBNET: Final = "aws:ec2/defaultSubnet:DefaultSubnet"
_KEY: Final = "associatePublicIpAddress"
_NETWORK: Final = ("networkConfiguration", "assignPublicIp")
# Where each type says it, each block of a list on the way.
_PLACES: Final = {
    **dict.fromkeys((LAUNCH_CONFIGURATION, INSTANCE, SPOT_INSTANCE), (_KEY,)),
    LAUNCH_TEMPLATE: ("networkInterfaces", _KEY),
    SPOT_FLEET: ("launchSpecifications", _KEY),
    **dict.fromkeys((*karpenter.EC2_NODE_CLASSES, NODE_TEMPLATE), ("spec", "associatePublicIPAddress")),
    **dict.fromkeys(karpenter.AUTO_NODE_CLASSES, ("spec", "advancedNetworking", "associatePublicIPAddress")),
    **dict.fromkeys(("aws:ecs/service:Service", "aws:ecs/taskSet:TaskSet"), _NETWORK),
    "aws:cloudwatch/eventTarget:EventTarget": ("ecsTarget", *_NETWORK),
    "aws:scheduler/schedule:Schedule": ("target", "ecsParameters", *_NETWORK),
}
_SUBNETS: Final = (SUBNET, _DEFAULT_SUBNET)
_BATCH_JOB: Final = "aws:batch/jobDefinition:JobDefinition"


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Absent is false everywhere but for the subnets of a default VPC."""
    if resource.type in _SUBNETS:
        yield from _subnet(resource.props.at("mapPublicIpOnLaunch"), default=resource.type == _DEFAULT_SUBNET)
    elif resource.type == _BATCH_JOB:
        yield from _fargate(resource.props.at("containerProperties"))
    else:
        for place in _places(resource):
            if place.flag(default=False):
                yield Violation(place, "gives its machines public addresses")


def _places(resource: Subject) -> Iterator[Node]:
    if resource.type in parallelcluster.TYPES:
        for cluster in parallelcluster.clusters(resource):
            yield from (queue.at("Networking", "AssignPublicIp") for queue in parallelcluster.queues(cluster))
    else:
        *blocks, key = _PLACES[resource.type]
        found = [resource.props]
        for block in blocks:
            found = [below for node in found for below in node.each(block)]
        yield from (node.at(key) for node in found)


def _fargate(place: Node) -> Iterator[Violation]:
    if (place.document().text("networkConfiguration", "assignPublicIp") or "").upper() == "ENABLED":
        yield Violation(place, "gives its tasks public addresses")


def _subnet(place: Node, *, default: bool) -> Iterator[Violation]:
    given = place.flag()
    if given or (given is None and default):
        told = "" if given else " (the default of a default VPC's subnets)"
        yield Violation(place, f"gives whatever starts in the subnet a public address{told}")


RULE: Final = ResourceRule(
    id="HERD-023",
    name="no-public-addresses",
    pack="security",
    title="No machine gets a public address",
    severity=everywhere(Severity.HIGH),
    types=(*_PLACES, *_SUBNETS, _BATCH_JOB, *parallelcluster.TYPES),
    properties=(
        "networkInterfaces.associatePublicIpAddress",
        "associatePublicIpAddress",
        "mapPublicIpOnLaunch",
        "spec.associatePublicIPAddress",
        "Scheduling.SlurmQueues[].Networking.AssignPublicIp",
    ),
    why=(
        "A node with a public address is found within minutes, and its security group is all that stands before it."
        " Machines with several network cards can't even have one: EC2 refuses the launch."
    ),
    fix=(
        "Use private subnets, with a NAT gateway or VPC endpoints for what leaves and an internal balancer for what"
        " comes in."
    ),
    mappings={"checkov": ("CKV_AWS_88", "CKV_AWS_130"), "fsbp": ("EC2.9", "EC2.15", "EC2.25")},
    check=check,
)
