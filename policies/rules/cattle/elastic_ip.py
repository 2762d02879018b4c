"""HERD-011: no node has an Elastic IP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared import parallelcluster
from policies.rules._shared.once import once_a_stack
from policies.rules._shared.types import LOAD_BALANCER

_EIP: Final = "aws:ec2/eip:Eip"
_ASSOCIATION: Final = "aws:ec2/eipAssociation:EipAssociation"
_NAT: Final = "aws:ec2/natGateway:NatGateway"


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Addresses of NAT gateways and balancers are theirs; one of an instance or its interface is a node's."""
    props = resource.props
    if resource.type == _EIP:
        if owner := props.text("instance"):
            yield Violation(props.at("instance"), f"is the address of {owner}")
        # An imported address of a NAT gateway names the gateway's own interface.
        elif (owner := props.text("networkInterface")) and not _of_gateway(resource, stack):
            yield Violation(props.at("networkInterface"), f"is the address of {owner}")
    elif resource.type == _ASSOCIATION:
        for key in ("instanceId", "networkInterfaceId"):
            if owner := props.text(key):
                yield Violation(props.at(key), f"gives an Elastic IP to {owner}")
    else:
        for cluster in parallelcluster.clusters(resource):
            address = cluster.at("HeadNode", "Networking", "ElasticIp")
            value = address.text()
            if value and value.lower() != "false":
                which = "an Elastic IP" if value.lower() == "true" else f"the Elastic IP {value}"
                yield Violation(address, f"gives the head node {which}", "Leave ElasticIp out of HeadNode.Networking.")


def _of_gateway(address: Subject, stack: Stack) -> bool:
    return address.urn in _of_gateways(stack)


@once_a_stack
def _of_gateways(stack: Stack) -> frozenset[str]:
    """The addresses of NAT gateways and balancers."""
    keys = [
        key
        for gateway in stack.of_type(_NAT)
        for key in (gateway.props.at("allocationId"), *gateway.props.at("secondaryAllocationIds").each())
    ]
    for balancer in stack.of_type(LOAD_BALANCER):
        keys += [mapping.at("allocationId") for mapping in balancer.props.each("subnetMappings")]
    return frozenset(named.urn for key in keys if (named := stack.named_by(key)) is not None)


RULE: Final = GraphRule(
    id="HERD-011",
    name="no-elastic-ip-on-nodes",
    pack="cattle",
    title="No node has an Elastic IP",
    severity=everywhere(Severity.MEDIUM),
    types=(_EIP, _ASSOCIATION, *parallelcluster.TYPES),
    properties=("instance", "networkInterface", "instanceId", "networkInterfaceId", "HeadNode.Networking.ElasticIp"),
    why=(
        "An address that people know by heart makes a pet of the machine behind it, and puts it on the internet; the"
        " next machine can't be started beside the old one, because there is one address."
    ),
    fix="Put a balancer, a NAT gateway or a DNS name in front, and leave the machine without an address of its own.",
    check=check,
)
