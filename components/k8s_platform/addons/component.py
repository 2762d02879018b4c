"""Registers the add-ons that need nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pulumi
from pulumi_aws import eks
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.storage.v1 import StorageClass

from components.base.component import HerdComponent
from components.base.context import StackContext
from components.k8s_platform.addons import derive
from components.k8s_platform.documents import document
from components.k8s_platform.facts import ClusterFacts
from components.k8s_platform.spec import ClusterSpec
from components.k8s_platform.versions import require
from components.k8s_platform.workload import Workload, identify
from components.release.spec import ReleaseSpec


class Addons(HerdComponent):
    """EKS's own add-ons for names, volumes, metrics and the health of nodes.

    Attributes:
        ready: What waits for these runs in a cluster that resolves names and mounts volumes.
        storage_class: The class of claims that name none.
    """

    token: ClassVar[str] = "herd:k8s_platform:Addons"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: ClusterSpec,
        context: StackContext,
        *,
        release: ReleaseSpec,
        cluster: ClusterFacts,
        volume_key_arn: pulumi.Input[str],
        nodes: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the add-ons.

        Args:
            name: Prefix of its resources' names.
            spec: The cluster's.
            context: The stack.
            release: The stack's release: the add-ons' versions.
            cluster: What the control plane says of itself.
            volume_key_arn: The key that pods' volumes are encrypted with.
            nodes: The system pool: EKS waits for an add-on's pods, which wait for nodes.
            opts: With the providers of the stack's region and of the cluster.

        Raises:
            InvalidInputError: The release lacks an add-on.
        """
        require(release, addons=list(derive.CONFIGURATIONS))
        super().__init__(name, spec, context, inputs={"release": release.name}, opts=opts)
        ebs = Workload(
            "ebs-csi",
            derive.EBS_SERVICE_ACCOUNT,
            managed=(derive.EBS_POLICY,),
            inline={
                "key": pulumi.Output.from_input(volume_key_arn).apply(
                    lambda arn: document(derive.volume_key_policy(arn))
                )
            },
        )
        before = {"aws-ebs-csi-driver": identify(self, name, spec, cluster.name, ebs)}
        made = {
            row.name: eks.Addon(
                f"{name}-{row.name}",
                cluster_name=cluster.name,
                addon_name=row.name,
                addon_version=release.addons[row.name],
                configuration_values=row.configuration,
                resolve_conflicts_on_create="OVERWRITE",
                # What somebody changed by hand in the cluster is drift: an update puts it right.
                resolve_conflicts_on_update="OVERWRITE",
                opts=self.child(depends_on=[*nodes, *before.get(row.name, ())]),
            )
            for row in derive.addons(spec, context)
        }
        self.storage_class: StorageClass = self._storage_class(name, volume_key_arn, made["aws-ebs-csi-driver"])
        self.ready: tuple[pulumi.Resource, ...] = (*made.values(), self.storage_class)
        self.register_outputs({"addons": list(made)})

    def _storage_class(self, name: str, key_arn: pulumi.Input[str], driver: pulumi.Resource) -> StorageClass:
        # EKS makes no class the default since 1.30, and its own `gp2` encrypts nothing: a claim without a class would
        # wait for ever, and one with that class would hold plain data.
        return StorageClass(
            f"{name}-{derive.STORAGE_CLASS}",
            metadata=ObjectMetaArgs(name=derive.STORAGE_CLASS, annotations=derive.DEFAULT_CLASS),
            provisioner=derive.EBS_PROVISIONER,
            parameters={**derive.VOLUME_PARAMETERS, "kmsKeyId": key_arn},
            # In the zone of the pod that asks first: a volume made before it may be in another one.
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy="Delete",
            opts=self.child(depends_on=[driver]),
        )
