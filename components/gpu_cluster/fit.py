"""Whether pools fit the stack around them: its cluster, its subnets, the release it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.base.context import StackContext
from components.capacity.ledger import Finding
from components.capacity.spec import Reservations
from components.gpu_cluster import checks
from components.gpu_cluster.bounds import address_rows
from components.gpu_cluster.generations import Content
from components.gpu_cluster.spec import Phase, Pool, StaticPool
from components.k8s_platform import checks as platform
from components.k8s_platform.spec import ClusterSpec
from components.k8s_platform.versions import behind
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
    if around.cluster is None:
        if pools:
            yield ("pools",), "there is no cluster for them", "add herd:cluster, or take them out"
    elif around.own is not None:
        yield from platform.problems(
            around.cluster, around.network, pools, around.releases, own=around.own, context=around.context
        )


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


def a_cluster_to_join(pools: Mapping[str, Pool], cluster: ClusterSpec | None) -> Iterator[Finding]:
    """Pools have a cluster, and the cluster has nodes for its own pods that need no Karpenter to come up."""
    if cluster is None:
        if pools:
            yield ("pools",), "there is no cluster for them", "add herd:cluster, or take them out"
        return
    name = cluster.system_pool
    pool = pools.get(name)
    if pool is None:
        fix = "add it, or name another"
        yield ("cluster", "systemPool"), f"there is no pool {name!r}: the platform's own pods would wait for ever", fix
    elif not isinstance(pool, StaticPool):
        message = f"pool {name!r} is made by Karpenter, which runs on it"
        yield ("pools", name, "kind"), message, "make it static"
    elif not any(set(g.slices) - set(g.draining_slices) for g in pool.generations if g.phase is Phase.ACTIVE):
        message = "no slice of it takes pods: the platform's own would wait for ever"
        yield ("pools", name, "generations"), message, "roll it first; if it has no room, raise its maxNodes"


def kubelets_fit(
    pools: Mapping[str, Pool], own: ReleaseSpec | None, releases: Mapping[str, ReleaseSpec]
) -> Iterator[Finding]:
    """No kubelet is newer than the API server, none too old for it."""
    if own is None or (ours := own.versions.get("kubernetes")) is None:
        return
    nodes = {
        f"{name} {at}": version
        for name, pool in pools.items()
        for at, generation in enumerate(pool.generations)
        if generation.release in releases
        and (version := releases[generation.release].versions.get("kubernetes")) is not None
    }
    for named, message, fix in behind(ours, nodes):
        name, _, at = named.rpartition(" ")
        yield ("pools", name, "generations", int(at), "release"), message, fix
