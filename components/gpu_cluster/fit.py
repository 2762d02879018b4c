"""Whether pools fit the stack around them: its cluster, its subnets, the release it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.base.context import StackContext
from components.capacity.ledger import Finding
from components.capacity.spec import Reservations
from components.gpu_cluster import checks, room
from components.gpu_cluster.bounds import address_rows
from components.gpu_cluster.generations import Content
from components.gpu_cluster.spec import Pool
from components.k8s_platform import checks as platform
from components.k8s_platform.spec import ClusterSpec
from components.network.checks import unmet_needs
from components.network.spec import NetworkSpec
from components.release.spec import ReleaseSpec


@dataclass(frozen=True, slots=True)
class Around:
    """What pools have around them.

    Attributes:
        cluster: The cluster they are of, if the stack has one.
        network: The stack's network.
        reservations: What the stack has reserved.
        releases: Release locks by the name that generations give them.
        own: The release that the stack runs; None for the foundation alone.
        context: The stack.
        zone_ids: Ids of zones, by name, where the account's differ from the catalogue's.
    """

    cluster: ClusterSpec | None
    network: NetworkSpec
    reservations: Reservations
    releases: Mapping[str, ReleaseSpec]
    own: ReleaseSpec | None
    context: StackContext
    zone_ids: Mapping[str, str]


def everything(pools: Mapping[str, Pool], around: Around, *, content: Content) -> Iterator[Finding]:
    """Everything that is wrong with pools and the cluster they are of: what a run and `herd pool` find alike."""
    yield from checks.problems(
        pools, around.reservations, around.releases, around.context, around.zone_ids, content=content
    )
    yield from addresses_fit(pools, around.network)
    yield from pods_have_room(pools, around.network)
    if around.cluster is None:
        if pools:
            yield ("pools",), "there is no cluster for them", "add herd:cluster, or take them out"
    elif around.own is not None:
        yield from platform.problems(
            around.cluster, around.network, pools, around.releases, own=around.own, context=around.context
        )


def pods_have_room(pools: Mapping[str, Pool], network: NetworkSpec) -> Iterator[Finding]:
    """Nodes have a place for the interface that pods' addresses are on, and addresses for as many as they may hold."""
    own_subnets = network.managed is not None or bool(network.read_only.subnets.pods)
    for name, pool in pools.items():
        for path, message, fix in room.problems(pool, pods_have_subnets=own_subnets):
            yield ("pools", name, *path), message, fix


def addresses_fit(pools: Mapping[str, Pool], network: NetworkSpec) -> Iterator[Finding]:
    """Subnets hold every pool at its largest. Subnets that exist already are asked by `herd doctor --aws`."""
    vpc = network.managed
    if vpc is None:
        return
    rows = list(address_rows(pools))
    before = len(vpc.needs)
    for path, message in unmet_needs(vpc.model_copy(update={"needs": (*vpc.needs, *(need for _, need in rows))})):
        position = int(path[1])
        if position >= before:
            yield ("pools", rows[position - before][0], "maxNodes"), message, ""
