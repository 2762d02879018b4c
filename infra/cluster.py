"""The Kubernetes cluster and its node pools, in the order in which they need each other."""

from __future__ import annotations

from typing import Any

import pulumi

from components.base.context import StackContext
from components.gpu_cluster.component import GpuNodePool
from components.gpu_cluster.network import NodeNetwork
from components.k8s_platform.checks import has_elastic
from components.k8s_platform.component import Addons, ControlPlane, DeviceLayer, Karpenter
from components.k8s_platform.facts import ClusterFacts, ClusterNetwork
from components.k8s_platform.provider import cluster_provider
from components.k8s_platform.spec import ClusterSpec
from components.network.security import Concern
from components.release.spec import ReleaseSpec
from infra.foundation import Foundation
from infra.locks import Releases
from infra.mirrored import device_images
from infra.providers import Providers
from infra.settings import Settings


def build_cluster(
    settings: Settings, releases: Releases, context: StackContext, providers: Providers, foundation: Foundation
) -> dict[str, Any]:
    """Register the cluster and return its outputs; nothing for a stack without one."""
    spec, release = settings.cluster, releases.own
    if spec is None or release is None:
        return {}
    return _Builder(settings, releases, context, providers, foundation).build(spec, release)


class _Builder:
    """What every part of the cluster needs, said once."""

    def __init__(
        self,
        settings: Settings,
        releases: Releases,
        context: StackContext,
        providers: Providers,
        foundation: Foundation,
    ) -> None:
        self._settings, self._releases, self._context = settings, releases, context
        self._providers, self._foundation = providers, foundation

    def build(self, spec: ClusterSpec, release: ReleaseSpec) -> dict[str, Any]:
        """Control plane, system nodes, what runs on them, and then the pools that people use."""
        context, foundation = self._context, self._foundation
        plane = ControlPlane(
            "cluster",
            spec,
            context,
            release=release,
            network=self._cluster_network(),
            pull_policy=foundation.registry.pull_policy,
            log_key_arn=foundation.operations_key_arn,
            opts=self._options(),
        )
        # Under one name for every cluster, the second run after a change of clusters that failed midway would compare
        # the new provider with itself, and update objects of the old cluster in the new one (Pulumi, providerChanged).
        kubernetes = cluster_provider(f"kubernetes-{spec.name}", plane.facts, context)
        system = self._pool(spec.system_pool, plane.facts, kubernetes)
        nodes = list(system.node_groups.values())
        addons = Addons(
            "addons",
            spec,
            context,
            release=release,
            cluster=plane.facts,
            volume_key_arn=foundation.storage.volume_key_arn,
            nodes=nodes,
            opts=self._options(kubernetes),
        )
        facts = plane.facts
        if has_elastic(self._settings.pools):
            facts = Karpenter(
                "karpenter",
                spec,
                context,
                release=release,
                cluster=plane.facts,
                nodes=[*nodes, *addons.ready],
                opts=self._options(kubernetes),
            ).facts
        DeviceLayer(
            "devices",
            spec,
            context,
            release=release,
            pools=self._settings.pools,
            images=device_images(self._settings, context, release),
            before=addons.ready,
            opts=self._options(kubernetes),
        )
        pools = {spec.system_pool: system}
        for name in self._settings.pools:
            if name != spec.system_pool:
                pools[name] = self._pool(name, facts, kubernetes)
        return {
            "cluster": {
                "name": plane.facts.name,
                "arn": plane.facts.arn,
                "endpoint": plane.facts.endpoint,
                "oidcIssuer": plane.oidc_issuer,
                "pools": {name: [*pool.node_groups, *pool.node_pools] for name, pool in sorted(pools.items())},
            }
        }

    def _pool(self, name: str, cluster: ClusterFacts, kubernetes: pulumi.ProviderResource) -> GpuNodePool:
        pool, named = self._settings.pools[name], self._releases.named
        images = {
            generation.key: named[generation.release].amis[generation.node.image] for generation in pool.generations
        }
        # A rehearsal names locks by their files: tags tell what a release is called.
        called = tuple(each.model_copy(update={"release": named[each.release].name}) for each in pool.generations)
        return GpuNodePool(
            name,
            pool.model_copy(update={"generations": called}),
            self._context,
            cluster=cluster,
            images=images,
            reservations=self._settings.reservations,
            network=self._node_network(),
            opts=self._options(kubernetes),
        )

    def _options(self, *more: pulumi.ProviderResource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(providers=[self._providers.main, *more])

    def _cluster_network(self) -> ClusterNetwork:
        network = self._foundation.network
        return ClusterNetwork(
            intra_subnet_ids=network.intra_subnet_ids,
            pod_subnet_ids=network.pod_subnet_ids,
            control_plane_security_group_id=network.security_group_ids[Concern.CONTROL_PLANE],
            node_security_group_id=network.security_group_ids[Concern.NODES],
        )

    def _node_network(self) -> NodeNetwork:
        network = self._foundation.network
        return NodeNetwork(
            private_subnet_ids=network.private_subnet_ids,
            node_security_group_id=network.security_group_ids[Concern.NODES],
            efa_security_group_id=network.security_group_ids[Concern.EFA],
            volume_key_arn=self._foundation.storage.volume_key_arn,
        )
