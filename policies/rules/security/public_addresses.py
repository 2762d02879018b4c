"""HERD-023: no machine gets a public address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared import karpenter, parallelcluster
from policies.rules._shared.boot import (
    INSTANCE,
    LAUNCH_CONFIGURATION,
    LAUNCH_TEMPLATE,
    NODE_TEMPLATE,
    SPOT_FLEET,
    SPOT_INSTANCE,
)
from policies.rules._shared.types import SUBNET

_DEFAULT_SUBNET: Final = "aws:ec2/defaultSubnet:DefaultSubnet"
_ECS: Final = ("aws:ecs/service:Service", "aws:ecs/taskSet:TaskSet")


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Absent is false everywhere but for the subnets of a default VPC."""
    props = resource.props
    places: list[Node] = []
    match resource.type:
        case "aws:ec2/launchTemplate:LaunchTemplate":
            places = [block.at("associatePublicIpAddress") for block in props.each("networkInterfaces")]
        case "aws:ec2/spotFleetRequest:SpotFleetRequest":
            places = [block.at("associatePublicIpAddress") for block in props.each("launchSpecifications")]
        case "aws:ec2/subnet:Subnet" | "aws:ec2/defaultSubnet:DefaultSubnet":
            yield from _subnet(props.at("mapPublicIpOnLaunch"), default=resource.type == _DEFAULT_SUBNET)
        case name if name in (*karpenter.EC2_NODE_CLASSES, NODE_TEMPLATE):
            places = [props.at("spec", "associatePublicIPAddress")]
        case name if name in karpenter.AUTO_NODE_CLASSES:
            places = [props.at("spec", "advancedNetworking", "associatePublicIPAddress")]
        case name if name in _ECS:
            places = [props.at("networkConfiguration", "assignPublicIp")]
        case name if name in parallelcluster.TYPES:
            places = [
                queue.at("Networking", "AssignPublicIp")
                for cluster in parallelcluster.clusters(resource)
                for queue in parallelcluster.queues(cluster)
            ]
        case _:
            places = [props.at("associatePublicIpAddress")]
    for place in places:
        if place.flag(default=False):
            yield Violation(place, "gives its machines public addresses")


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
    types=(
        LAUNCH_TEMPLATE,
        LAUNCH_CONFIGURATION,
        INSTANCE,
        SPOT_INSTANCE,
        SPOT_FLEET,
        SUBNET,
        _DEFAULT_SUBNET,
        *karpenter.EC2_NODE_CLASSES,
        *karpenter.AUTO_NODE_CLASSES,
        NODE_TEMPLATE,
        *_ECS,
        *parallelcluster.TYPES,
    ),
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
