"""From what is asked of a cluster to the arguments of its resources: pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from components.base.context import StackContext
from components.k8s_platform.documents import cluster_name
from components.k8s_platform.facts import ClusterNetwork
from components.k8s_platform.spec import AccessPolicy, ClusterSpec, PublicEndpoint
from components.keys.spec import KeySpec

LOG_TYPES: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""All there are. Source: EKS User Guide, "Send control plane logs to CloudWatch Logs"."""

API_PORT: Final = 443
CLUSTER_POLICY: Final = "AmazonEKSClusterPolicy"
# Worker: describe the cluster and itself, use Pod Identity. SSM: Session Manager is the only shell. The network's
# rights (AmazonEKS_CNI_Policy) belong to the CNI's service account: a pod that reaches the node's role lacks them.
NODE_POLICIES: Final = ("AmazonEKSWorkerNodePolicy", "AmazonSSMManagedInstanceCore")
ADDON_IMAGES: Final = "AmazonEC2ContainerRegistryPullOnly"
"""Add-ons' images are in registries of AWS's own accounts, another one in each region: no narrower list is known."""

# Source: EKS User Guide, "Review access policy permissions".
ACCESS_POLICIES: Final[dict[AccessPolicy, str]] = {
    "cluster-admin": "AmazonEKSClusterAdminPolicy",
    "admin": "AmazonEKSAdminPolicy",
    "admin-view": "AmazonEKSAdminViewPolicy",
    "edit": "AmazonEKSEditPolicy",
    "view": "AmazonEKSViewPolicy",
}

FIRST_ADDONS: Final = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Add-ons that only run on every node: they are there before the first one."""
CNI_SERVICE_ACCOUNT: Final = "aws-node"


@dataclass(frozen=True)
class AccessArgs:
    """One access entry with its policy.

    Attributes:
        name: What the entry is called in the stack file.
        principal: The IAM role.
        policy_arn: The EKS access policy.
        scope: `cluster` or `namespace`.
        namespaces: Where the policy holds, for the scope `namespace`.
        administrator: Whether it is about a cluster-admin.
    """

    name: str
    principal: str
    policy_arn: str
    scope: str
    namespaces: tuple[str, ...]
    administrator: bool


def access(spec: ClusterSpec, partition: str) -> Iterator[AccessArgs]:
    """Who is let in, in the file's order."""
    for name, entry in spec.access.items():
        yield AccessArgs(
            name,
            entry.principal,
            # Access policies live in the EKS namespace of `aws`, without region or account.
            f"arn:{partition}:eks::aws:cluster-access-policy/{ACCESS_POLICIES[entry.policy]}",
            "namespace" if entry.namespaces else "cluster",
            entry.namespaces,
            entry.policy == "cluster-admin",
        )


def public_ranges(spec: ClusterSpec) -> list[str]:
    """Who reaches the API server from outside; nobody with a private endpoint."""
    return sorted(map(str, spec.endpoint.cidrs.values())) if isinstance(spec.endpoint, PublicEndpoint) else []


def secrets_key(spec: ClusterSpec, context: StackContext) -> KeySpec:
    """The key of the cluster's secrets. EKS works with grants that whoever makes the cluster gives it."""
    return KeySpec(
        description=f"Kubernetes secrets of {cluster_name(spec, context)}", deletion_window_days=spec.key_deletion_days
    )


def log_group_name(spec: ClusterSpec, context: StackContext) -> str:
    """Where EKS sends the control plane's logs: it knows no other place."""
    return f"/aws/eks/{cluster_name(spec, context)}/cluster"


def cni_values(network: ClusterNetwork, region: str) -> dict[str, Any]:
    """The VPC CNI's configuration: whole /28 prefixes for pods, from the pods' own subnets where there are any.

    Source: the add-on's configuration schema; amazon-vpc-cni-k8s, README.
    """
    env = {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}
    if not network.pod_subnet_ids:
        return {"env": env}
    # An ENIConfig a zone, named like the zone: the label by which a node finds its own is one that EKS sets.
    env |= {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true", "ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone"}
    subnets = {
        zone: {"id": subnet, "securityGroups": [network.node_security_group_id]}
        for zone, subnet in sorted(network.pod_subnet_ids.items())
    }
    return {"env": env, "eniConfig": {"create": True, "region": region, "subnets": subnets}}


def node_policies(pull_policy: str) -> dict[str, str]:
    """The node role's own policies by name: pulling from the stack's registry."""
    return {"registry": pull_policy}
