"""From the network's spec to plain plans of what to register. No thinking is left for the component."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from components.base.arns import arn
from components.network.endpoints import GATEWAY_SERVICES, service_name
from components.network.layout import SubnetPlan, subnets
from components.network.security import Place, RulePlan, rules
from components.network.values import Nat, Tier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components.base.context import StackContext
    from components.network.spec import ExistingVpc, ManagedVpc, NetworkSpec

WORLD = IPv4Network("0.0.0.0/0")
ZONE = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d[a-z]")


@dataclass(frozen=True)
class EndpointPlan:
    """One VPC endpoint; `zones` is empty for gateways, which stand in route tables."""

    name: str
    service: str
    zones: tuple[str, ...] = ()


@dataclass(frozen=True)
class RouteTablePlan:
    """One route table with the subnets it serves.

    Attributes:
        way_out: `internet` (gateway), the zone whose NAT is used, or None for no way out.
        tags: Its own tags, besides `Name`.
    """

    name: str
    subnets: tuple[SubnetPlan, ...]
    way_out: str | None
    tags: Mapping[str, str] = field(default_factory=dict)


INTERNET = "internet"

FSX_TAG = {"AmazonFSx": "ManagedByAmazonFSx"}
"""On route tables of the clients of file systems in two zones. FSx sets it itself, and moves its routes only where it
finds it: a tag that isn't ours would be taken off by the next run, and the next failover wouldn't happen.
Source: IAM policy AmazonFSxServiceRolePolicy, statement ManageRouteTable."""


def nat_zones(vpc: ManagedVpc, zones: tuple[str, ...]) -> tuple[str, ...]:
    """The zones that have a NAT gateway. A single one stands in the stack's first zone."""
    return {Nat.PER_AZ: zones, Nat.SINGLE: zones[:1], Nat.NONE: ()}[vpc.nat]


def route_tables(vpc: ManagedVpc, zones: tuple[str, ...]) -> tuple[RouteTablePlan, ...]:
    """One table a zone for private and pod subnets, one for all public and one for all intra subnets."""
    planned = tuple(subnets(vpc, zones))
    nats = nat_zones(vpc, zones)
    tables = [
        RouteTablePlan(
            name=f"private-{zone[-1]}",
            subnets=tuple(s for s in planned if s.zone == zone and s.tier in (Tier.PRIVATE, Tier.PODS)),
            way_out=(zone if zone in nats else nats[0]) if nats else None,
            tags=FSX_TAG,
        )
        for zone in zones
    ]
    tables.append(RouteTablePlan("intra", tuple(s for s in planned if s.tier is Tier.INTRA), None))
    if Tier.PUBLIC in vpc.tiers:
        tables.append(RouteTablePlan("public", tuple(s for s in planned if s.tier is Tier.PUBLIC), INTERNET))
    return tuple(tables)


def endpoints(spec: NetworkSpec, context: StackContext) -> tuple[EndpointPlan, ...]:
    """Gateway endpoints (where there are route tables for them), then interface endpoints."""
    ways = spec.private_ways
    zones = context.availability_zones if ways.zones == "all" else context.availability_zones[:1]
    gateways = spec.managed is not None or (spec.existing is not None and bool(spec.existing.route_table_ids))
    return (
        *(EndpointPlan(name, service_name(context.region, name)) for name in GATEWAY_SERVICES if gateways),
        *(
            EndpointPlan(service.replace(".", "-"), service_name(context.region, service), zones)
            for service in ways.interface
        ),
    )


def security_rules(spec: NetworkSpec) -> tuple[RulePlan, ...]:
    """Every rule of every security group."""
    ranges = {Place.VPC: spec.cidr, Place.WORLD: WORLD}
    if spec.pod_cidr is not None:
        ranges[Place.PODS] = spec.pod_cidr
    return tuple(rules(ranges))


def flow_log_trust(context: StackContext) -> dict[str, Any]:
    """Who may write flow logs: the service, for flow logs of this account and region only.

    Source: VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs".
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": context.account},
                    "ArnLike": {"aws:SourceArn": arn("ec2", context.region, context.account, "vpc-flow-log/*")},
                },
            }
        ],
    }


def flow_log_permissions(log_group_arn: str) -> dict[str, Any]:
    """What the flow log role may do: write to its one group."""
    actions = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"]
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": [log_group_arn, f"{log_group_arn}:*"]}],
    }


def mismatches(vpc: ExistingVpc, read: Mapping[str, Any], *, endpoints: bool) -> list[str]:
    """What of an existing VPC isn't as the stack file says, or as what is to be made in it needs.

    Args:
        vpc: What the stack file says.
        read: What AWS says: `cidr`, `names` (enableDnsSupport, enableDnsHostnames) and `subnets` (id to vpcId,
            availabilityZone, cidrBlock). A value not of its form (an id, a zone, a block) is a placeholder and can't
            be compared.
        endpoints: Whether interface endpoints are to be made, which answer under their services' own names.
    """
    found = []
    # Source: VPC User Guide, "Private DNS" for interface endpoints.
    if endpoints and False in read["names"]:
        found.append(f"{vpc.vpc_id} doesn't resolve names: endpoints need its DNS support and DNS hostnames on")
    if (cidr := _block(read["cidr"])) and cidr != vpc.cidr:
        found.append(f"{vpc.vpc_id} has the first block {cidr}, not {vpc.cidr}")
    for tier in Tier:
        home = vpc.pod_cidr if tier is Tier.PODS and vpc.pod_cidr else vpc.cidr
        for zone, subnet in vpc.subnets.of(tier).items():
            facts = read["subnets"][subnet]
            if facts["vpcId"].startswith("vpc-") and facts["vpcId"] != vpc.vpc_id:
                found.append(f"{subnet} ({tier}, {zone}) is in {facts['vpcId']}, not in {vpc.vpc_id}")
            actual = facts["availabilityZone"]
            if ZONE.fullmatch(actual) and actual != zone:
                found.append(f"{subnet} ({tier}, {zone}) is in {actual}, not in {zone}")
            if (block := _block(facts["cidrBlock"])) and not block.subnet_of(home):
                found.append(f"{subnet} ({tier}, {zone}) has {block}, which is not inside {home}")
    return found


def _block(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text)
    except ValueError:
        return None
