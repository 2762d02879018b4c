"""Whether the pools fit what is reserved, where the stack lives, and what their generations' releases hold."""

from __future__ import annotations

from collections.abc import Iterator

from components.base.context import StackContext
from components.base.validation import FieldPath
from components.gpu_cluster import checks
from components.gpu_cluster.bounds import address_rows
from components.gpu_cluster.content import content
from components.gpu_cluster.spec import Phase, StaticGeneration, StaticPool
from components.k8s_platform.versions import behind
from components.network.checks import unmet_needs
from infra.locks import Releases
from infra.settings import Settings

Finding = tuple[FieldPath, str, str]
"""Path below the settings, what is wrong, what to do."""


def pools_fit(settings: Settings, context: StackContext, releases: Releases) -> Iterator[Finding]:
    """Everything that is wrong with the pools and the cluster they are of; nothing for a stack without a release."""
    if releases.own is None:
        return
    yield from checks.problems(
        settings.pools, settings.reservations, releases.named, context, settings.zone_ids, content=content
    )
    yield from addresses_fit(settings)
    yield from a_cluster_to_join(settings)
    yield from kubelets_fit(settings, releases)


def addresses_fit(settings: Settings) -> Iterator[Finding]:
    """Subnets hold every pool at its largest. Subnets that exist already are asked by `herd doctor --aws`."""
    vpc = settings.network.managed
    if vpc is None:
        return
    rows = list(address_rows(settings.pools))
    before = len(vpc.needs)
    for path, message in unmet_needs(vpc.model_copy(update={"needs": (*vpc.needs, *(need for _, need in rows))})):
        position = int(path[1])
        if position >= before:
            yield ("pools", rows[position - before][0], "maxNodes"), message, ""


def a_cluster_to_join(settings: Settings) -> Iterator[Finding]:
    """Pools have a cluster, and the cluster has nodes for its own pods that need no Karpenter to come up."""
    if settings.cluster is None:
        if settings.pools:
            yield ("pools",), "there is no cluster for them", "add herd:cluster, or take them out"
        return
    name = settings.cluster.system_pool
    pool = settings.pools.get(name)
    if pool is None:
        fix = "add it, or name another"
        yield ("cluster", "systemPool"), f"there is no pool {name!r}: the platform's own pods would wait for ever", fix
    elif not isinstance(pool, StaticPool):
        message = f"pool {name!r} is made by Karpenter, which runs on it"
        yield ("pools", name, "kind"), message, "make it static"
    elif not any(set(generation.slices) - set(generation.draining_slices) for generation in _active(pool)):
        message = "no slice of it takes pods: the platform's own would wait for ever"
        yield ("pools", name, "generations"), message, f"herd pool roll {name}"


def _active(pool: StaticPool) -> Iterator[StaticGeneration]:
    return (generation for generation in pool.generations if generation.phase is Phase.ACTIVE)


def kubelets_fit(settings: Settings, releases: Releases) -> Iterator[Finding]:
    """No kubelet is newer than the API server, none too old for it."""
    if releases.own is None or (ours := releases.own.versions.get("kubernetes")) is None:
        return
    nodes = {
        f"{name} {at}": version
        for name, pool in settings.pools.items()
        for at, generation in enumerate(pool.generations)
        if generation.release in releases.named
        and (version := releases.named[generation.release].versions.get("kubernetes")) is not None
    }
    for named, message, fix in behind(ours, nodes):
        name, _, at = named.rpartition(" ")
        yield ("pools", name, "generations", int(at), "release"), message, fix
