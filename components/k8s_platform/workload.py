"""An IAM role for one service account, by Pod Identity: no key, no node role that every pod shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import eks, iam

from components.base.component import HerdComponent
from components.k8s_platform.documents import SYSTEM_NAMESPACE, managed_policy, pod_trust
from components.k8s_platform.spec import ClusterSpec


@dataclass(frozen=True)
class Workload:
    """Who needs AWS.

    Attributes:
        name: Suffix of its resources' names.
        service_account: Its service account in the system namespace.
        managed: Names of policies that AWS manages.
        inline: Policies of its own, by name.
    """

    name: str
    service_account: str
    managed: Sequence[str] = ()
    inline: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


def identify(
    component: HerdComponent, stem: str, cluster: ClusterSpec, cluster_name: pulumi.Input[str], workload: Workload
) -> list[pulumi.Resource]:
    """Register a workload's role and association; what is returned must be there before its pods start."""
    name = f"{stem}-{workload.name}"
    role = iam.Role(
        name,
        description=f"{workload.service_account} in {component.context.stack}'s cluster",
        assume_role_policy=pod_trust(cluster, component.context, SYSTEM_NAMESPACE, workload.service_account),
        # It trusts one cluster: while a new cluster is made beside the old one, the old one's pods keep their role.
        opts=component.child(replace_on_changes=["assumeRolePolicy"]),
    )
    rights: list[pulumi.Resource] = [
        iam.RolePolicyAttachment(
            f"{name}-{policy.rpartition('/')[2]}",
            role=role.name,
            policy_arn=managed_policy(policy, component.context),
            # The provider would delete first, and the old role would lose it while its pods still run.
            opts=component.child(delete_before_replace=False),
        )
        for policy in workload.managed
    ]
    rights += [
        iam.RolePolicy(f"{name}-{suffix}", role=role.name, policy=policy, opts=component.child())
        for suffix, policy in workload.inline.items()
    ]
    association = eks.PodIdentityAssociation(
        name,
        cluster_name=cluster_name,
        namespace=SYSTEM_NAMESPACE,
        service_account=workload.service_account,
        role_arn=role.arn,
        opts=component.child(),
    )
    return [*rights, association]
