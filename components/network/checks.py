"""What a network's fields must be together. Each check yields a field and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from itertools import combinations
from typing import TYPE_CHECKING

from components.base.validation import FieldPath
from components.network.addresses import (
    DOCKER_BRIDGE,
    LARGEST_PREFIX,
    RFC_1918,
    SMALLEST_PREFIX,
    offered,
    secondary_range_problem,
)
from components.network.values import Nat, Tier, slot

if TYPE_CHECKING:
    from components.base.context import StackContext
    from components.network.spec import ExistingVpc, ManagedVpc

Found = Iterator[tuple[FieldPath, str]]


def blocks(vpc: ManagedVpc) -> Found:
    """AWS and common sense take both blocks."""
    for field, block in (("cidr", vpc.cidr), ("podCidr", vpc.pod_cidr)):
        if not LARGEST_PREFIX <= block.prefixlen <= SMALLEST_PREFIX:
            yield (field,), f"AWS takes blocks from /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}, not {block}"
    if not any(vpc.cidr.subnet_of(home) for home in RFC_1918):
        yield ("cidr",), f"{vpc.cidr} is not private: use a block of {', '.join(map(str, RFC_1918))}"
    elif problem := secondary_range_problem(vpc.cidr, vpc.pod_cidr):
        yield ("podCidr",), f"{vpc.pod_cidr} can't be added: {problem}"
    for field, block in (("cidr", vpc.cidr), ("podCidr", vpc.pod_cidr)):
        if block.overlaps(DOCKER_BRIDGE):
            yield (field,), f"{block} overlaps {DOCKER_BRIDGE}, which Docker and AWS services use: use another block"


def overlaps(own: Mapping[str, IPv4Network], peers: Mapping[str, IPv4Network]) -> Found:
    """No two networks that meet share addresses."""
    for (first, one), (second, other) in combinations(own.items(), 2):
        if one.overlaps(other):
            yield (second,), f"{other} overlaps {first} {one}: use another block"
    for name, peer in peers.items():
        for field, block in own.items():
            if block.overlaps(peer):
                yield ("peers", name), f"{peer} overlaps {field} {block}: networks that are connected can't overlap"


def fits(vpc: ManagedVpc) -> Found:
    """Each block holds every zone's subnets."""
    for block, field in ((vpc.cidr, "cidr"), (vpc.pod_cidr, "podCidr")):
        tiers = [tier for tier in vpc.tiers if vpc.block(tier) is block]
        wanted = {tier: vpc.zone_slots * 2 ** (32 - (vpc.subnets.of(tier) or 32)) for tier in tiers}
        if sum(wanted.values()) > block.num_addresses:
            parts = " + ".join(f"{tier} {vpc.zone_slots} x /{vpc.subnets.of(tier)}" for tier in tiers)
            text = f"{block} has {block.num_addresses} addresses, its subnets take {sum(wanted.values())} ({parts})"
            yield ("subnets", max(wanted, key=wanted.__getitem__).value), f"{text}: make them smaller or {field} larger"


def ways_out(vpc: ManagedVpc) -> Found:
    """A NAT has a public subnet to stand in."""
    if vpc.nat is not Nat.NONE and vpc.subnets.of(Tier.PUBLIC) is None:
        yield ("nat",), "a NAT stands in a public subnet and there are none: give subnets.public a size, or nat: none"


def unmet_needs(vpc: ManagedVpc) -> Found:
    """A zone must hold what is bound to it and, as it may all end up there, what is bound to none."""
    for tier in Tier:
        needs = [(position, need) for position, need in enumerate(vpc.needs) if need.tier is tier]
        length = vpc.subnets.of(tier)
        if length is None:
            yield from (
                (("needs", position), f"there are no {tier} subnets: give them a size") for position, _ in needs
            )
            continue
        most = offered(IPv4Network((0, length)), prefixes=tier is Tier.PODS)
        for zone in sorted({need.zone or "" for _, need in needs}):
            here = [(position, need) for position, need in needs if need.zone in (None, zone or None)]
            total = sum(need.addresses for _, need in here)
            if total > most:
                place = f"a {tier} subnet" + (f" in {zone}" if zone else "")
                text = f"{total} addresses are needed in {place}, a /{length} offers {most}"
                yield ("needs", here[-1][0]), f"{text}: make subnets.{tier} larger or the pools smaller"


def managed_zones(vpc: ManagedVpc, context: StackContext) -> Iterator[tuple[str, str, str]]:
    """The stack's zones have their place, and needs are bound to them."""
    for zone in context.availability_zones:
        if slot(zone) >= vpc.zone_slots:
            more = next((count for count in (2, 4, 8) if count > slot(zone)), 8)
            text = f"{zone} has place {slot(zone) + 1}, {vpc.zone_slots} are kept"
            yield "managed.zoneSlots", text, f"use zoneSlots: {more} (before the first up), or other zones"
    for position, need in enumerate(vpc.needs):
        if need.zone is not None and need.zone not in context.availability_zones:
            text = f"{need.zone} is not a zone of the stack"
            yield f"managed.needs[{position}].zone", text, f"use one of {', '.join(context.availability_zones)}"


def existing_zones(vpc: ExistingVpc, context: StackContext) -> Iterator[tuple[str, str, str]]:
    """Every zone of the stack has a subnet in each tier there is, and no other has."""
    for tier in Tier:
        zones = vpc.subnets.of(tier)
        field = f"existing.subnets.{tier}"
        for zone in zones:
            if zone not in context.availability_zones:
                fix = f"use {', '.join(context.availability_zones)}"
                yield f"{field}.{zone}", f"{zone} is not a zone of the stack", fix
        missing = [zone for zone in context.availability_zones if zone not in zones]
        if missing and zones:
            yield field, f"no subnet in {', '.join(missing)}", "name one for every zone of the stack"
