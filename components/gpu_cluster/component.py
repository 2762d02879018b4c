"""A pool of nodes: registers what was derived for each of its generations."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import pulumi
from pulumi_aws import autoscaling, ec2, eks
from pulumi_kubernetes.apiextensions import CustomResource

from components.base.component import HerdComponent
from components.base.context import StackContext
from components.base.problems import InvalidInputError, Problem
from components.base.tags import name_tag
from components.base.validation import dotted
from components.capacity.spec import Reservations
from components.gpu_cluster import karpenter, machines, node_group, paid, room
from components.gpu_cluster.launch_template import launch_template, tag_specifications
from components.gpu_cluster.network import ClusterValues, Ids, NodeNetwork, dns_address
from components.gpu_cluster.nodes import Nodes
from components.gpu_cluster.spec import (
    ElasticGeneration,
    ElasticPool,
    Pool,
    StaticGeneration,
    StaticPool,
)
from components.gpu_cluster.user_data import user_data
from components.k8s_platform.facts import ClusterFacts
from components.release.spec import AmiPin

# EKS itself gives a group up that no machine can be had for after half an hour; a drain of long pods takes longer.
TIMEOUTS: Final = {"create": "45m", "update": "60m", "delete": "60m"}
# The schedule owns it: an update that sent the size in the stack file would empty the group in its window.
OWNED_BY_SCHEDULE: Final = ("scalingConfig.desiredSize",)
# A group that found no machines stays CREATE_FAILED, and to an update it looks as it should: the next `up` makes it
# anew. The failed one goes first, with the machines it did get: of a reservation there are no others. Not while it
# drains: an update that fails leaves the same mark, and its jobs would go with it.
MADE_ANEW: Final = ("#initerror",)
# To change a schedule in place sends the start that AWS worked out before, and one that is past is refused (pulumi-aws
# #2473): a block extended, a slice resized. The old one goes first: no two of a group have one name or one moment.
REWRITTEN: Final = ("desiredCapacity", "maxSize", "minSize", "recurrence", "timeZone")
# Another cluster or network shows in these: nodes of the template's first version would join the one that is gone.
OF_ANOTHER_CLUSTER: Final = ("userData", "networkInterfaces")


class GpuNodePool(HerdComponent):
    """The generations of one pool: launch templates and node groups, or Karpenter's node classes and node pools.

    Attributes:
        launch_template_ids: Launch templates of a static pool, by generation's key.
        node_groups: Node groups of a static pool, by name (`system-g1-0a1b2c3d-0`): what needs nodes waits for them.
        node_pools: Node pools of an elastic one, by name (`dev-g1-0a1b2c3d`).
    """

    token: ClassVar[str] = "herd:gpu_cluster:GpuNodePool"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: Pool,
        context: StackContext,
        *,
        cluster: ClusterFacts,
        images: Mapping[str, AmiPin],
        reservations: Reservations,
        network: NodeNetwork,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the pool.

        Args:
            name: The pool's name in the stack file.
            spec: What is asked for.
            context: The stack.
            cluster: The cluster its nodes join.
            images: The image of each generation, by the generation's key.
            reservations: The stack's reservations.
            network: Subnets, security groups and the volumes' key.
            opts: With the AWS provider, and the cluster's Kubernetes provider for an elastic pool.

        Raises:
            InvalidInputError: Such nodes can't be had, or a zone has no subnet.
        """
        super().__init__(name, spec, context, inputs={"cluster": cluster.name}, opts=opts)
        if missing := sorted(set(spec.zones) - set(network.private_subnet_ids)):
            text = f"no subnet for nodes in {', '.join(missing)}"
            raise InvalidInputError.one(text, field="zones", fix=f"one of {', '.join(network.private_subnet_ids)}")
        if found := [*room.problems(spec, pods_have_subnets=cluster.pods_have_subnets)]:
            raise InvalidInputError([Problem("", 0, dotted(path), message, fix) for path, message, fix in found])
        self.name = name
        self._cluster, self._network = cluster, network
        self._images, self._reservations = images, reservations
        self.launch_template_ids: dict[str, pulumi.Output[str]] = {}
        self.node_groups: dict[str, eks.NodeGroup] = {}
        self.node_pools: dict[str, CustomResource] = {}
        if isinstance(spec, StaticPool):
            for fixed in spec.generations:
                self._static(spec, fixed)
        else:
            for elastic in spec.generations:
                self._elastic(spec, elastic)
        self.register_outputs(
            {
                "launchTemplateIds": self.launch_template_ids,
                "nodeGroups": {slice_: group.node_group_name for slice_, group in self.node_groups.items()},
                "nodePools": list(self.node_pools),
            }
        )

    def _static(self, pool: StaticPool, generation: StaticGeneration) -> None:
        image = self._images[generation.key]
        nodes = Nodes(self.name, generation.key, pool, generation.node, image, self._reservations)
        name, tags = nodes.name, self._tags(generation)
        group = None
        if paid.makes_placement_group(pool, self._reservations):
            group = ec2.PlacementGroup(name, strategy="cluster", tags=tags, opts=self.child())
        template = ec2.LaunchTemplate(
            name,
            **launch_template(nodes, self._ids(group.name if group else None), self._user_data(generation)),
            tag_specifications=tag_specifications(tags),
            tags=tags,
            opts=self.child(replace_on_changes=OF_ANOTHER_CLUSTER),
        )
        self.launch_template_ids[generation.key] = template.id
        for number in generation.slices:
            self._slice(pool, generation, number, template)

    def _slice(self, pool: StaticPool, generation: StaticGeneration, number: int, template: ec2.LaunchTemplate) -> None:
        name = f"{self.name}-{generation.key}-{number}"
        block = paid.block(pool.capacity, self._reservations)
        opts = self.child(
            depends_on=self._cluster.before_nodes,
            ignore_changes=OWNED_BY_SCHEDULE if block else None,
            replace_on_changes=None if node_group.is_draining(generation, number) else MADE_ANEW,
            delete_before_replace=True,
        )
        opts.custom_timeouts = pulumi.CustomTimeouts(**TIMEOUTS)
        group = eks.NodeGroup(
            name,
            cluster_name=self._cluster.name,
            node_role_arn=self._cluster.node_role_arn,
            subnet_ids=[self._network.private_subnet_ids[zone] for zone in pool.zones],
            # The default version stays the first, whatever happens to the template: no living node is ever updated.
            launch_template={"id": template.id, "version": template.default_version.apply(str)},
            **node_group.fixed(pool, generation.node),
            **node_group.changeable(self.name, pool, generation, number, self._reservations),
            tags=self._tags(generation),
            opts=opts,
        )
        self.node_groups[name] = group
        if block:
            scaling_group = group.resources.apply(lambda found: found[0].autoscaling_groups[0].name)
            for action, arguments in node_group.schedules(pool, block).items():
                autoscaling.Schedule(
                    f"{name}-{action}",
                    scheduled_action_name=action,
                    autoscaling_group_name=scaling_group,
                    **arguments,
                    opts=self.child(replace_on_changes=REWRITTEN, delete_before_replace=True),
                )

    def _elastic(self, pool: ElasticPool, generation: ElasticGeneration) -> None:
        image = self._images[generation.key]
        nodes = Nodes(self.name, generation.key, pool, generation.node, image, self._reservations)
        spec = {**karpenter.node_class(nodes, self._ids()), "tags": self._tags(generation)}
        waits = [*self._cluster.before_nodes, *self._cluster.before_elastic]
        node_class = self._custom(nodes.name, karpenter.NODE_CLASS, spec, self.child(depends_on=waits))
        # Karpenter keeps a node class until its last node is gone: the pool goes first.
        self.node_pools[nodes.name] = self._custom(
            nodes.name,
            karpenter.NODE_POOL,
            karpenter.node_pool(nodes, generation),
            self.child(depends_on=[node_class]),
        )

    def _custom(
        self, name: str, kind: tuple[str, str], spec: dict[str, Any], opts: pulumi.ResourceOptions
    ) -> CustomResource:
        # The name is fixed: a generation never changes, so nothing of it is ever replaced.
        return CustomResource(name, api_version=kind[0], kind=kind[1], metadata={"name": name}, spec=spec, opts=opts)

    def _ids(self, placement_group: pulumi.Input[str] | None = None) -> Ids:
        return Ids(
            node_group=self._network.node_security_group_id,
            cluster_group=self._cluster.security_group_id,
            efa_group=self._network.efa_security_group_id,
            volume_key=self._network.volume_key_arn,
            instance_profile=self._cluster.node_instance_profile,
            placement_group=placement_group,
            subnets=self._network.private_subnet_ids,
            pods_have_subnets=self._cluster.pods_have_subnets,
        )

    def _user_data(self, generation: StaticGeneration) -> pulumi.Output[str]:
        """User data, encoded, as soon as the cluster's facts are known: one pure function of them."""
        node, cluster = generation.node, self._cluster
        labels, taints = machines.labels(self.name, generation.key, node), machines.taints(node)

        def encoded(facts: list[str]) -> str:
            name, endpoint, authority = facts
            values = ClusterValues(
                name=name,
                endpoint=endpoint,
                certificate_authority=authority,
                service_cidr=cluster.service_cidr,
                dns_address=dns_address(cluster.service_cidr),
            )
            return base64.b64encode(user_data(values, node, labels, taints).encode()).decode()

        return pulumi.Output.all(cluster.name, cluster.endpoint, cluster.certificate_authority).apply(encoded)

    def _tags(self, generation: StaticGeneration | ElasticGeneration) -> dict[str, str]:
        """The stack's tags, which a provider's defaults don't put on what a template or Karpenter starts, and ours.

        They name the release: whoever looks at a machine sees what it runs. They are no part of the key.
        """
        return {
            **self.context.tags,
            **name_tag(self.context, self.name, generation.key),
            "pool": self.name,
            "generation": generation.key,
            "release": generation.release,
        }
