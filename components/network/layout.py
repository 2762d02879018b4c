"""Where every subnet lies: the same for the same spec, and unmoved by zones that come or go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from components.network.addresses import SMALLEST_PREFIX
from components.network.values import Tier, slot

if TYPE_CHECKING:
    from components.network.spec import ManagedVpc

# Not the very last /28: FSx takes a range of at most 17 characters (FSx API, IpAddressRange).
FLOATING_HOME = 24


@dataclass(frozen=True)
class SubnetPlan:
    """One subnet to make.

    Attributes:
        name: Such as `private-a`.
        tags: Its own tags, besides `Name`: its tier, and what Kubernetes' load balancer controller looks for.
    """

    name: str
    tier: Tier
    zone: str
    cidr: IPv4Network
    tags: dict[str, str]


# Source: EKS User Guide, "Subnet requirements": the controller finds subnets for load balancers by these tags.
ROLE_TAGS = {
    Tier.PUBLIC: {"kubernetes.io/role/elb": "1"},
    Tier.PRIVATE: {"kubernetes.io/role/internal-elb": "1"},
}


def tier_blocks(vpc: ManagedVpc) -> dict[Tier, IPv4Network]:
    """The range of each tier: room for every slot, larger tiers first so that all are aligned."""
    blocks: dict[Tier, IPv4Network] = {}
    cursors: dict[IPv4Network, int] = {}
    for tier in sorted(vpc.tiers, key=lambda tier: vpc.subnets.of(tier) or 0):
        length = (vpc.subnets.of(tier) or 0) - (vpc.zone_slots.bit_length() - 1)
        home = vpc.block(tier)
        start = cursors.get(home, int(home.network_address))
        blocks[tier] = IPv4Network((IPv4Address(start), length))
        cursors[home] = start + blocks[tier].num_addresses
    return blocks


def floating_block(vpc: ManagedVpc) -> IPv4Network | None:
    """A /28 in no subnet, for addresses that move between zones; None if the first block is full.

    It begins the block's last /24. Left to itself FSx takes any free range, such as where a zone's subnets are to come.
    """
    if vpc.cidr.prefixlen > FLOATING_HOME:
        return None
    last = IPv4Network((int(vpc.cidr.broadcast_address) - 2 ** (32 - FLOATING_HOME) + 1, FLOATING_HOME))
    if any(block.overlaps(last) for block in tier_blocks(vpc).values()):
        return None
    return IPv4Network((last.network_address, SMALLEST_PREFIX))


def subnets(vpc: ManagedVpc, zones: tuple[str, ...]) -> Iterator[SubnetPlan]:
    """Every subnet, tier by tier, in the order of the stack's zones."""
    blocks = tier_blocks(vpc)
    for tier in vpc.tiers:
        size = 2 ** (32 - (vpc.subnets.of(tier) or 0))
        for zone in zones:
            start = int(blocks[tier].network_address) + slot(zone) * size
            yield SubnetPlan(
                name=f"{tier}-{zone[-1]}",
                tier=tier,
                zone=zone,
                cidr=IPv4Network((IPv4Address(start), vpc.subnets.of(tier) or 0)),
                tags={"tier": tier.value, **ROLE_TAGS.get(tier, {})},
            )
