"""Registers the cluster, who is let in, what nodes are, and the add-ons that nodes find when they start."""

from __future__ import annotations

from typing import Any, ClassVar

import pulumi
from pulumi_aws import cloudwatch, eks, iam, vpc

from components.base.arns import partition
from components.base.component import HerdComponent
from components.base.context import StackContext
from components.base.tags import name_tag
from components.k8s_platform.control_plane import derive
from components.k8s_platform.documents import cluster_name, control_plane_trust, managed_policy, node_trust
from components.k8s_platform.facts import ClusterFacts, ClusterNetwork
from components.k8s_platform.spec import ClusterSpec, PublicEndpoint
from components.k8s_platform.versions import require
from components.k8s_platform.workload import Workload, identify
from components.keys.component import Key
from components.release.spec import ReleaseSpec


class ControlPlane(HerdComponent):
    """An EKS cluster without nodes: nothing of it is a machine of ours.

    Attributes:
        facts: What node pools need of it.
        oidc_issuer: URL that names the cluster as an identity provider.
        oidc_provider_arn: The provider in IAM, for software that can't use Pod Identity.
        key_arn: The key its secrets are encrypted with.
        log_group_arn: Where the control plane's logs go.
    """

    token: ClassVar[str] = "herd:k8s_platform:ControlPlane"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: ClusterSpec,
        context: StackContext,
        *,
        release: ReleaseSpec,
        network: ClusterNetwork,
        pull_policy: str,
        log_key_arn: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the cluster.

        Args:
            name: Prefix of its resources' names.
            spec: What is asked for.
            context: The stack.
            release: The stack's release: the Kubernetes version and the add-ons'.
            network: Where the control plane and pods live.
            pull_policy: Policy (JSON) that lets nodes pull from the stack's registry.
            log_key_arn: A key that CloudWatch Logs may use; None for AWS's own.
            opts: With the AWS provider of the stack's region.

        Raises:
            InvalidInputError: The spec doesn't fit the stack, or the release lacks a version.
        """
        require(release, addons=derive.FIRST_ADDONS)
        inputs = {"version": release.versions["kubernetes"], "release": release.name}
        super().__init__(name, spec, context, inputs=inputs, opts=opts)
        self._name, self._spec, self._release = name, spec, release
        self._kubernetes: str = release.versions["kubernetes"]

        key = Key(f"{name}-secrets", derive.secrets_key(spec, context), context, opts=self.child())
        logs = self._logs(log_key_arn)
        cluster = self._cluster(network, key, logs)
        way_in = [*self._let_in(cluster), *self._reached_from(network)]
        node_role, profile, rights = self._node_role(pull_policy)
        # EKS makes the entry with the first managed node group and never takes it away; ours is there before, belongs
        # to a role that is replaced with it, and serves Karpenter's nodes too (containers-roadmap #2631).
        entry = eks.AccessEntry(
            f"{name}-nodes",
            cluster_name=cluster.name,
            principal_arn=node_role.arn,
            type="EC2_LINUX",
            opts=self.child(),
        )
        addons = self._addons(cluster, network)
        self.oidc_issuer: pulumi.Output[str] = cluster.identities.apply(lambda found: str(found[0].oidcs[0].issuer))
        oidc = iam.OpenIdConnectProvider(
            name, url=self.oidc_issuer, client_id_lists=["sts.amazonaws.com"], opts=self.child()
        )
        self.oidc_provider_arn: pulumi.Output[str] = oidc.arn
        self.key_arn: pulumi.Output[str] = key.arn
        self.log_group_arn: pulumi.Output[str] = logs.arn
        self.facts: ClusterFacts = ClusterFacts(
            name=cluster.name,
            arn=cluster.arn,
            endpoint=cluster.endpoint,
            certificate_authority=cluster.certificate_authority.apply(lambda found: str(found.data)),
            service_cidr=str(spec.service_cidr),
            kubernetes=self._kubernetes,
            security_group_id=cluster.vpc_config.apply(lambda found: str(found.cluster_security_group_id)),
            node_role_arn=node_role.arn,
            node_role_name=node_role.name,
            node_instance_profile=profile.name,
            pods_have_subnets=bool(network.pod_subnet_ids),
            before_nodes=(*rights, entry, *addons),
            before_objects=tuple(way_in),
        )
        self.register_outputs(
            {
                "name": self.facts.name,
                "arn": self.facts.arn,
                "endpoint": self.facts.endpoint,
                "version": self._kubernetes,
                "nodeRoleArn": self.facts.node_role_arn,
                "oidcProviderArn": self.oidc_provider_arn,
                "logGroupArn": self.log_group_arn,
            }
        )

    def _logs(self, key_arn: pulumi.Input[str] | None) -> cloudwatch.LogGroup:
        # Left to itself EKS makes the group, without an end to its retention and without our key.
        return cloudwatch.LogGroup(
            f"{self._name}-control-plane",
            name=derive.log_group_name(self._spec, self.context),
            retention_in_days=self._spec.log_retention_days,
            kms_key_id=key_arn,
            opts=self.state(delete_before_replace=False),
        )

    def _cluster(self, network: ClusterNetwork, key: Key, logs: cloudwatch.LogGroup) -> eks.Cluster:
        role = iam.Role(
            f"{self._name}-control-plane",
            description=f"Control plane of {cluster_name(self._spec, self.context)}",
            assume_role_policy=control_plane_trust(),
            opts=self.child(),
        )
        rights = iam.RolePolicyAttachment(
            f"{self._name}-control-plane",
            role=role.name,
            policy_arn=managed_policy(derive.CLUSTER_POLICY, self.context),
            opts=self.child(),
        )
        return eks.Cluster(
            self._name,
            name=cluster_name(self._spec, self.context),
            version=self._kubernetes,
            role_arn=role.arn,
            vpc_config=eks.ClusterVpcConfigArgs(
                subnet_ids=[network.intra_subnet_ids[zone] for zone in sorted(network.intra_subnet_ids)],
                security_group_ids=[network.control_plane_security_group_id],
                endpoint_private_access=True,
                endpoint_public_access=isinstance(self._spec.endpoint, PublicEndpoint),
                public_access_cidrs=derive.public_ranges(self._spec) or None,
            ),
            kubernetes_network_config=eks.ClusterKubernetesNetworkConfigArgs(
                ip_family="ipv4", service_ipv4_cidr=str(self._spec.service_cidr)
            ),
            access_config=eks.ClusterAccessConfigArgs(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=False
            ),
            bootstrap_self_managed_addons=False,
            encryption_config=eks.ClusterEncryptionConfigArgs(
                provider=eks.ClusterEncryptionConfigProviderArgs(key_arn=key.arn), resources=["secrets"]
            ),
            enabled_cluster_log_types=list(derive.LOG_TYPES),
            upgrade_policy=eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
            zonal_shift_config=eks.ClusterZonalShiftConfigArgs(enabled=True),
            deletion_protection=self.context.durable,
            # A fixed name would have the provider delete the old cluster first. A change that AWS can't make in place
            # fails instead, because the name is taken, or makes a new cluster beside it, if the name is changed too.
            # A role without its policy makes a cluster that can't be deleted cleanly: rights first, and last to go.
            opts=self.state(depends_on=[rights, logs], delete_before_replace=False),
        )

    def _let_in(self, cluster: eks.Cluster) -> list[pulumi.Resource]:
        """Register who may do what; what is returned lets the administrators in, who deploy among them."""
        administrators: list[pulumi.Resource] = []
        for row in derive.access(self._spec, partition(self.context.region)):
            name = f"{self._name}-{row.name}"
            entry = eks.AccessEntry(
                name, cluster_name=cluster.name, principal_arn=row.principal, type="STANDARD", opts=self.child()
            )
            association = eks.AccessPolicyAssociation(
                name,
                cluster_name=cluster.name,
                principal_arn=entry.principal_arn,
                policy_arn=row.policy_arn,
                access_scope=eks.AccessPolicyAssociationAccessScopeArgs(
                    type=row.scope, namespaces=list(row.namespaces) or None
                ),
                # Another scope replaces the association under the same id: made first, it would end deleted. An
                # administrator's scope is the whole cluster for ever: it stays until everything in an old one is gone.
                opts=self.child(delete_before_replace=None if row.administrator else True),
            )
            if row.administrator:
                administrators.append(association)
        return administrators

    def _reached_from(self, network: ClusterNetwork) -> list[pulumi.Resource]:
        """Register which ranges inside reach the API server; nodes do by the network's own rules."""
        return [
            vpc.SecurityGroupIngressRule(
                f"{self._name}-from-{who}",
                security_group_id=network.control_plane_security_group_id,
                ip_protocol="tcp",
                from_port=derive.API_PORT,
                to_port=derive.API_PORT,
                cidr_ipv4=str(cidr),
                description=f"Kubernetes API from {who}",
                tags=name_tag(self.context, self._spec.name, "from", who),
                opts=self.child(),
            )
            for who, cidr in self._spec.endpoint.inside.items()
        ]

    def _node_role(self, pull_policy: str) -> tuple[iam.Role, iam.InstanceProfile, list[pulumi.Resource]]:
        name = f"{self._name}-nodes"
        role = iam.Role(
            name,
            description=f"Nodes of {cluster_name(self._spec, self.context)}",
            assume_role_policy=node_trust(),
            opts=self.child(),
        )
        rights: list[pulumi.Resource] = [
            iam.RolePolicyAttachment(
                f"{name}-{policy}",
                role=role.name,
                policy_arn=managed_policy(policy, self.context),
                opts=self.child(),
            )
            for policy in (*derive.NODE_POLICIES, derive.ADDON_IMAGES)
        ]
        rights.append(iam.RolePolicy(f"{name}-registry", role=role.name, policy=pull_policy, opts=self.child()))
        profile = iam.InstanceProfile(name, role=role.name, opts=self.child())
        return role, profile, rights

    def _addons(self, cluster: eks.Cluster, network: ClusterNetwork) -> list[pulumi.Resource]:
        cni = Workload("cni", derive.CNI_SERVICE_ACCOUNT, managed=("AmazonEKS_CNI_Policy",))
        identified = identify(self, self._name, self._spec, cluster.name, cni)
        values: dict[str, Any] = {"vpc-cni": derive.cni_values(network, self.context.region)}
        return [
            *identified,
            *(
                eks.Addon(
                    f"{self._name}-{addon}",
                    cluster_name=cluster.name,
                    addon_name=addon,
                    addon_version=self._release.addons[addon],
                    configuration_values=pulumi.Output.json_dumps(values[addon], sort_keys=True)
                    if addon in values
                    else None,
                    resolve_conflicts_on_create="OVERWRITE",
                    # What somebody changed by hand in the cluster is drift: an update puts it right.
                    resolve_conflicts_on_update="OVERWRITE",
                    # The CNI's pods read their identity once: it is there before them.
                    opts=self.child(depends_on=identified if addon in values else None),
                )
                for addon in derive.FIRST_ADDONS
            ),
        ]
