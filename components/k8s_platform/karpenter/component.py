"""Registers Karpenter: identity, queue, events, charts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import pulumi
from pulumi_aws import cloudwatch, sqs

from components.base.arns import arn
from components.base.component import HerdComponent
from components.base.context import StackContext
from components.k8s_platform.charts import install
from components.k8s_platform.documents import cluster_name, document
from components.k8s_platform.facts import ClusterFacts
from components.k8s_platform.karpenter import derive, policies
from components.k8s_platform.spec import ClusterSpec
from components.k8s_platform.versions import require
from components.k8s_platform.workload import Workload, identify
from components.release.spec import ReleaseSpec


class Karpenter(HerdComponent):
    """What makes and takes away the nodes of elastic pools.

    Attributes:
        facts: The cluster's facts, with what elastic pools wait for.
        queue_arn: The queue of what AWS is about to take away.
    """

    token: ClassVar[str] = "herd:k8s_platform:Karpenter"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: ClusterSpec,
        context: StackContext,
        *,
        release: ReleaseSpec,
        cluster: ClusterFacts,
        nodes: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register Karpenter.

        Args:
            name: Prefix of its resources' names.
            spec: The cluster's.
            context: The stack.
            release: The stack's release: the charts.
            cluster: What the control plane says of itself.
            nodes: The system pool and what its pods need (names to resolve): Helm waits for the controller.
            opts: With the providers of the stack's region and of the cluster.

        Raises:
            InvalidInputError: The release lacks a chart.
        """
        require(release, charts=derive.CHARTS)
        super().__init__(name, spec, context, inputs={"release": release.name}, opts=opts)
        queue = sqs.Queue(
            name,
            message_retention_seconds=derive.QUEUE_RETENTION_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=self.child(),
        )
        events = self._events(name, spec, queue)
        rights = self._rights(spec, cluster, queue.arn)
        identity = identify(
            self, name, spec, cluster.name, Workload("controller", derive.SERVICE_ACCOUNT, inline=rights)
        )
        definitions = install(self, f"{name}-crd", release.charts["karpenter-crd"], depends_on=nodes)
        controller = install(
            self,
            name,
            release.charts["karpenter"],
            derive.values(spec, context, cluster, queue.name),
            skip_crds=True,
            # Taken away in the other order: the controller first would leave nodes that nobody ends.
            depends_on=[*nodes, definitions, *identity, *events],
        )
        self.facts: ClusterFacts = replace(cluster, before_elastic=(definitions, controller))
        self.queue_arn: pulumi.Output[str] = queue.arn
        self.register_outputs({"queueArn": self.queue_arn})

    def _rights(
        self, spec: ClusterSpec, cluster: ClusterFacts, queue_arn: pulumi.Input[str]
    ) -> dict[str, pulumi.Input[str]]:
        context = self.context
        profile_arn = pulumi.Output.from_input(cluster.node_instance_profile).apply(
            lambda name: arn("iam", context.region, context.account, f"instance-profile/{name}", global_service=True)
        )
        known = pulumi.Output.all(cluster.node_role_arn, profile_arn, queue_arn)

        def policy(name: str) -> pulumi.Output[str]:
            return known.apply(
                lambda arns: document(
                    policies.controller(
                        spec, context, node_role_arn=str(arns[0]), profile_arn=str(arns[1]), queue_arn=str(arns[2])
                    )[name]
                )
            )

        return {name: policy(name) for name in policies.NAMES}

    def _events(self, name: str, spec: ClusterSpec, queue: sqs.Queue) -> list[pulumi.Resource]:
        rules = {
            row.name: cloudwatch.EventRule(
                f"{name}-{row.name}",
                description=f"{row.detail_type}, for {cluster_name(spec, self.context)}",
                event_pattern=json.dumps({"source": [row.source], "detail-type": [row.detail_type]}),
                opts=self.child(),
            )
            for row in derive.EVENTS
        }
        targets = [
            cloudwatch.EventTarget(f"{name}-{of}", rule=rule.name, arn=queue.arn, opts=self.child())
            for of, rule in rules.items()
        ]
        known = pulumi.Output.all(queue.arn, *(rule.arn for rule in rules.values()))
        policy = sqs.QueuePolicy(
            name,
            queue_url=queue.url,
            policy=known.apply(lambda arns: document(policies.queue(str(arns[0]), [str(arn) for arn in arns[1:]]))),
            opts=self.child(),
        )
        return [*targets, policy]
