"""IP arithmetic: what a subnet offers, what nodes and pods take, where AWS lets ranges be."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

RESERVED_BY_AWS = 5
"""Addresses AWS keeps in every subnet: the first four and the last. Source: VPC User Guide, "Subnet CIDR blocks"."""

LARGEST_PREFIX, SMALLEST_PREFIX = 16, 28
"""AWS refuses blocks larger than a /16 or smaller than a /28, for VPCs and subnets alike. Source: as above."""

DELEGATED_PREFIX = 16
"""Addresses in the /28 prefixes that the VPC CNI puts on network interfaces. Source: EC2 User Guide, "Prefixes"."""

RFC_1918 = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
CARRIER_GRADE = IPv4Network("100.64.0.0/10")
DOCKER_BRIDGE = IPv4Network("172.17.0.0/16")


@dataclass(frozen=True)
class SecondaryRule:
    """Where a second range may be, for a VPC whose first range lies in `primary`.

    Attributes:
        primary: The range the rule is about.
        refused: Pairs of ranges: a VPC with a block in the first can't take a block in the second.
    """

    primary: IPv4Network
    refused: tuple[tuple[IPv4Network, IPv4Network], ...]


SECONDARY_RULES = (
    SecondaryRule(RFC_1918[0], ((IPv4Network("10.0.0.0/15"), IPv4Network("10.0.0.0/16")),)),
    SecondaryRule(RFC_1918[1], ((IPv4Network("172.16.0.0/12"), IPv4Network("172.31.0.0/16")),)),
    SecondaryRule(RFC_1918[2], ()),
)
"""Besides 100.64.0.0/10 a second block may only come from the first one's own RFC 1918 range, less these.
Source: VPC User Guide, "IPv4 CIDR block association restrictions". Public ranges, which AWS allows, are left out."""


def usable(network: IPv4Network) -> int:
    """Addresses of a subnet that network interfaces can have."""
    return max(0, network.num_addresses - RESERVED_BY_AWS)


def usable_prefixes(network: IPv4Network) -> int:
    """/28 prefixes of a subnet that the VPC CNI can hand out: AWS's own addresses spoil the first and the last."""
    return max(0, network.num_addresses // DELEGATED_PREFIX - 2)


def offered(network: IPv4Network, *, prefixes: bool) -> int:
    """Addresses that can really be given out: one by one, or in whole prefixes."""
    return usable_prefixes(network) * DELEGATED_PREFIX if prefixes else usable(network)


def nodes_that_fit(network: IPv4Network, addresses_per_node: int) -> int:
    """How many nodes a subnet holds if each takes so many of its addresses."""
    return usable(network) // addresses_per_node


def node_addresses(network_cards: int, *, efa_only: bool) -> int:
    """Addresses one node takes in its own subnet.

    An `efa-only` interface has no IP address, an `efa` interface has one: with those, a node takes one for each card
    (32 on p5.48xlarge), else one in all. Source: EC2 User Guide, "Elastic Fabric Adapter".
    """
    return 1 if efa_only else network_cards


def pod_addresses(max_pods: int, *, warm_prefixes: int = 1) -> int:
    """Addresses one node takes in its pod subnet with prefix delegation.

    Whole /28 prefixes for its pods, the warm ones kept ready, and the interface's own address.
    Source: VPC CNI, WARM_PREFIX_TARGET and custom networking.
    """
    prefixes = -(-max_pods // DELEGATED_PREFIX) + warm_prefixes
    return prefixes * DELEGATED_PREFIX + 1


def secondary_range_problem(primary: IPv4Network, secondary: IPv4Network) -> str | None:
    """Why AWS would refuse a second range for a VPC with this first one (or why it would be unwise); None if fine."""
    if secondary.subnet_of(CARRIER_GRADE):
        return None
    rule = next((rule for rule in SECONDARY_RULES if primary.subnet_of(rule.primary)), None)
    home = f"100.64.0.0/10 or, like the VPC, in {rule.primary}" if rule else "100.64.0.0/10"
    if rule is None or not secondary.subnet_of(rule.primary):
        return f"AWS lets a VPC in {primary} have a second range only in {home}"
    for where, refused in rule.refused:
        if primary.subnet_of(where) and secondary.overlaps(refused):
            return f"AWS refuses {refused} as a second range of a VPC in {where}"
    return None
