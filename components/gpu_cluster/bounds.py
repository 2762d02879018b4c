"""What pools may need at most: vCPUs of service quotas, addresses of subnets, machines of reservations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from components.capacity.ledger import Promise
from components.capacity.spec import CapacityBlockFacts, ReservationFacts, Reserved, Spot
from components.gpu_cluster.spec import NodeSpec, Pool, StaticPool
from components.hardware import catalogue
from components.hardware.spec import InstanceType, QuotaClass
from components.hardware.wiring import addresses, interfaces
from components.network.addresses import DELEGATED_PREFIX, pod_addresses
from components.network.spec import AddressNeed
from components.network.values import Tier

Market = Literal["on-demand", "spot"]

LARGE_VCPUS: Final = 30
PODS: Final = {False: 110, True: 250}
"""EKS's recommended ceiling of pods, below and from so many vCPUs. Source: Amazon EKS User Guide, "Choose an optimal
Amazon EC2 node instance type", and its max-pods-calculator."""


@dataclass(frozen=True, slots=True)
class QuotaNeed:
    """vCPUs that count against one limit.

    Attributes:
        quota: The limit's class.
        market: Whether it is the limit of on-demand or of spot instances.
        vcpus: The most at one time.
        holders: Who needs them, as people call them: `pool p5`, `reservation p5-prod`.
    """

    quota: QuotaClass
    market: Market
    vcpus: int
    holders: tuple[str, ...]

    @property
    def code(self) -> str | None:
        """The limit's code in Service Quotas (service ec2); None if AWS has none for it."""
        return self.quota.spot_code if self.market == "spot" else self.quota.on_demand_code

    @property
    def limit(self) -> tuple[str, Market]:
        """What tells limits apart: P4 and P5 share one on demand and have two for spot requests."""
        return self.code or self.quota.name, self.market


def nodes_of(pool: Pool) -> tuple[int, ...]:
    """The most nodes of each generation at one time; those of a draining one live on until it is retired."""
    if isinstance(pool, StaticPool):
        return tuple(len(generation.slices) * pool.nodes_per_slice for generation in pool.generations)
    return tuple(generation.max_nodes for generation in pool.generations)


def nodes_in(pool: Pool) -> int:
    """The most nodes of all generations together, as they stand."""
    return sum(nodes_of(pool))


def promises(pools: Mapping[str, Pool]) -> Iterator[Promise]:
    """What the generations are promised of reservations."""
    for name, pool in pools.items():
        if not isinstance(pool.capacity, Reserved):
            continue
        field = "slices" if isinstance(pool, StaticPool) else "maxNodes"
        for at, (generation, nodes) in enumerate(zip(pool.generations, nodes_of(pool), strict=True)):
            path = ("pools", name, "generations", at, field)
            yield Promise(f"pool {name} {generation.key}", pool.capacity.reservation, nodes, path)


def quota_needs(pools: Mapping[str, Pool], reservations: Mapping[str, ReservationFacts]) -> tuple[QuotaNeed, ...]:
    """The vCPUs of each limit, when every pool is as large as it may get.

    A reservation counts whole, used or not, against the limit of on-demand instances, and what runs in it counts no
    second time. Capacity blocks have a limit of their own, in instances. Of several types the largest counts.
    Sources: EC2 API, CreateCapacityReservation (refused beyond the On-Demand Instance limit); EC2 User Guide,
    "Capacity Blocks for ML" (64 instances a block, 256 in all).
    """
    rows: dict[tuple[str, Market], QuotaNeed] = {}

    def count(machine: InstanceType, market: Market, nodes: int, holder: str) -> None:
        need = QuotaNeed(machine.quota_class, market, nodes * machine.vcpus, (holder,))
        if before := rows.get(need.limit):
            need = replace(before, vcpus=before.vcpus + need.vcpus, holders=(*before.holders, holder))
        rows[need.limit] = need

    for name, facts in reservations.items():
        held = catalogue.find_type(facts.instance_type)
        if held and not isinstance(facts, CapacityBlockFacts):
            count(held, "on-demand", facts.count, f"reservation {name}")
    for name, pool in pools.items():
        if isinstance(pool.capacity, Reserved):
            continue
        market: Market = "spot" if isinstance(pool.capacity, Spot) else "on-demand"
        smallest_first = sorted(_machines(pool), key=lambda machine: machine.vcpus)
        largest = {QuotaNeed(machine.quota_class, market, 0, ()).limit: machine for machine in smallest_first}
        for machine in largest.values():
            count(machine, market, pool.max_nodes, f"pool {name}")
    return tuple(rows.values())


def address_needs(pools: Mapping[str, Pool], *, pods: bool = True) -> tuple[AddressNeed, ...]:
    """Addresses that pools take of the nodes' subnets, and their pods of theirs, when every pool is at its largest.

    Args:
        pools: The pools; one without generations has no machines and needs none yet.
        pods: Whether pods live in subnets of their own.
    """
    return tuple(need for _, need in address_rows(pools, pods=pods))


def address_rows(pools: Mapping[str, Pool], *, pods: bool = True) -> Iterator[tuple[str, AddressNeed]]:
    """The pool's name with each of its needs."""
    for name, pool in pools.items():
        nodes, inside = 0, 0
        for generation in pool.generations:
            for machine in _types(generation.node):
                wired = interfaces(machine, efa=generation.node.efa and machine.efa_supported)
                nodes = max(nodes, addresses(wired))
                inside = max(inside, pod_addresses(most_pods(generation.node, machine)))
        zone = pool.zones[0] if len(pool.zones) == 1 else None
        if nodes:
            yield name, AddressNeed(tier=Tier.PRIVATE, nodes=pool.max_nodes, addresses_per_node=nodes, zone=zone)
        if inside and pods:
            yield name, AddressNeed(tier=Tier.PODS, nodes=pool.max_nodes, addresses_per_node=inside, zone=zone)


def most_pods(node: NodeSpec, machine: InstanceType) -> int:
    """Pods that a node of a type holds: as asked for, or what EKS recommends and its interfaces have addresses for."""
    if node.max_pods:
        return node.max_pods
    recommended = PODS[machine.vcpus >= LARGE_VCPUS]
    if machine.cards[0].interfaces == 1:
        return recommended
    return min(recommended, pods_with_addresses(machine))


def pods_with_addresses(machine: InstanceType, *, pods_have_subnets: bool = True) -> int:
    """Pods that a node of a type has addresses for, with two that use the node's own.

    In every slot but an interface's first is a prefix, or before Nitro a single address. Where pods have subnets of
    their own, the first interface serves none of them. Source: VPC CNI, "Prefix delegation", "Custom networking".
    """
    interfaces_for_pods = machine.cards[0].interfaces - (1 if pods_have_subnets else 0)
    each = 1 if machine.hypervisor == "xen" else DELEGATED_PREFIX
    return interfaces_for_pods * (machine.ipv4_per_interface - 1) * each + 2


def _types(node: NodeSpec) -> Iterator[InstanceType]:
    for name in node.instance_types:
        if machine := catalogue.find_type(name):
            yield machine


def _machines(pool: Pool) -> Iterator[InstanceType]:
    for generation in pool.generations:
        yield from _types(generation.node)
