"""Whether a cluster, its network, its pools and their releases go together: all of it before anything is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from components.base.context import StackContext
from components.base.problems import InvalidInputError
from components.gpu_cluster.spec import Devices, ElasticPool, Phase, Pool, StaticPool
from components.k8s_platform.addons.derive import CONFIGURATIONS, replicas
from components.k8s_platform.control_plane.derive import FIRST_ADDONS
from components.k8s_platform.devices import derive as devices
from components.k8s_platform.karpenter.derive import CHARTS as KARPENTER
from components.k8s_platform.known_bad import known_bad
from components.k8s_platform.scheduling import SYSTEM
from components.k8s_platform.spec import ClusterSpec
from components.k8s_platform.versions import Finding, behind, minor, missing, proxy_fits
from components.network.spec import NetworkSpec
from components.release.spec import ReleaseSpec

DRA_MINOR: Final = 34
"""The Kubernetes minor in which DRA is generally available. Source: Kubernetes 1.34, release notes (KEP-4381)."""


def network_problems(spec: ClusterSpec, network: NetworkSpec) -> Iterator[Finding]:
    """A range of services that is somebody's real addresses: pods would never reach them, nor be answered."""
    peers = network.managed.peers if network.managed else {}
    ranges = {"network.cidr": network.cidr, "network.podCidr": network.pod_cidr}
    ranges |= {f"network.peers.{name}": cidr for name, cidr in peers.items()}
    ranges |= {f"cluster.endpoint.inside.{name}": cidr for name, cidr in spec.endpoint.inside.items()}
    for name, cidr in ranges.items():
        if cidr is not None and spec.service_cidr.overlaps(cidr):
            text = f"{spec.service_cidr} overlaps {cidr} ({name}): pods can't reach it"
            yield ("cluster", "serviceCidr"), text, "choose a private range that is nobody's"


def problems(
    spec: ClusterSpec,
    network: NetworkSpec,
    pools: Mapping[str, Pool],
    releases: Mapping[str, ReleaseSpec],
    *,
    own: ReleaseSpec,
    context: StackContext,
) -> Iterator[Finding]:
    """Everything that is wrong: path below the stack's settings, what is wrong, what to do.

    Args:
        spec: The cluster.
        network: The network it lives in.
        pools: Its pools by name.
        releases: Releases by the name that generations give them.
        own: The stack's release.
        context: The stack.
    """
    for problem in spec.problems(context):
        yield ("cluster", *problem.field.split(".")), problem.message, problem.fix
    yield from network_problems(spec, network)
    yield from _system_pool(spec, pools, context)
    charts: tuple[str, ...] = ()
    # A type that the catalogue doesn't have is the pools' own problem, and told there.
    with suppress(InvalidInputError):
        charts = wanted_charts(spec, pools)
    lacking = missing(own, addons=(*FIRST_ADDONS, *CONFIGURATIONS), charts=charts)
    yield from ((("release",), text, fix) for _, text, fix in (*lacking, *proxy_fits(own)))
    if "kubernetes" in own.versions:
        yield from _kubelets(own.versions["kubernetes"], pools, releases)
        yield from _dra(own.versions["kubernetes"], pools)
    yield from known_bad(pools, releases, own)


def has_elastic(pools: Mapping[str, Pool]) -> bool:
    """Whether anything needs Karpenter."""
    return any(isinstance(pool, ElasticPool) for pool in pools.values())


def wanted_charts(spec: ClusterSpec, pools: Mapping[str, Pool]) -> tuple[str, ...]:
    """The charts that a release must hold for these pools.

    Raises:
        InvalidInputError: A pool names a type that the catalogue doesn't have.
    """
    layer = tuple(row.name for row in devices.charts(spec, devices.needs(pools), {}))
    return (*(KARPENTER if has_elastic(pools) else ()), *layer)


def _system_pool(spec: ClusterSpec, pools: Mapping[str, Pool], context: StackContext) -> Iterator[Finding]:
    name = spec.system_pool
    pool = pools.get(name)
    if pool is None:
        text = f"there is no pool {name!r}: the platform's own pods need nodes"
        yield ("cluster", "systemPool"), text, f"add a static pool of that name, or name one of: {', '.join(pools)}"
        return
    if not isinstance(pool, StaticPool):
        yield ("pools", name, "kind"), "is the system pool: Karpenter itself runs on it", "make it a static pool"
        return
    if pool.capacity.kind != "on-demand":
        text = f"is the system pool: {pool.capacity.kind} capacity can end, and the platform with it"
        yield ("pools", name, "capacity", "kind"), text, "use on-demand"
    tolerated = {toleration["key"] for toleration in SYSTEM}
    for at, generation in enumerate(pool.generations):
        path = ("pools", name, "generations", at, "node")
        for position, taint in enumerate(generation.node.taints):
            if taint.key not in tolerated and taint.effect != "PreferNoSchedule":
                text = f"the platform's own pods don't tolerate {taint.key}: they would never start"
                yield (*path, "taints", position), text, f"taint the system pool with {', '.join(tolerated)} alone"
    nodes = sum(
        len(set(generation.slices) - set(generation.draining_slices)) * pool.nodes_per_slice
        for generation in pool.generations
        if generation.phase is Phase.ACTIVE
    )
    if nodes < replicas(context):
        text = f"the system pool has {nodes} nodes that take new work; the platform needs {replicas(context)}"
        yield ("pools", name, "generations"), text, "add slices to an active generation"


def _kubelets(control_plane: str, pools: Mapping[str, Pool], releases: Mapping[str, ReleaseSpec]) -> Iterator[Finding]:
    for name, pool in pools.items():
        for at, generation in enumerate(pool.generations):
            release = releases.get(generation.release)
            if release is None or "kubernetes" not in release.versions:
                continue
            for _, text, fix in behind(control_plane, {name: release.versions["kubernetes"]}):
                yield ("pools", name, "generations", at, "release"), text, fix


def _dra(control_plane: str, pools: Mapping[str, Pool]) -> Iterator[Finding]:
    if minor(control_plane) >= DRA_MINOR:
        return
    for name, pool in pools.items():
        for at, generation in enumerate(pool.generations):
            if generation.node.devices is Devices.DRA:
                path = ("pools", name, "generations", at, "node", "devices")
                text = f"dra needs Kubernetes 1.{DRA_MINOR} or newer; the cluster runs {control_plane}"
                yield path, text, "use device-plugin, or a newer release"
