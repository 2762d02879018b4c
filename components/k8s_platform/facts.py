"""What the parts of the platform tell each other, and the node pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The SDK takes a third of a second to import, and checks of a stack file read these names alone.
    import pulumi


@dataclass(frozen=True)
class ClusterNetwork:
    """Where the control plane and the pods live.

    Attributes:
        intra_subnet_ids: Subnets of the control plane's interfaces, by zone.
        pod_subnet_ids: Subnets of pods, by zone; empty if pods share the nodes' subnets.
        control_plane_security_group_id: The group that lets nodes reach the API server and it them.
        node_security_group_id: The group of nodes, which pods have too.
    """

    intra_subnet_ids: Mapping[str, pulumi.Input[str]]
    pod_subnet_ids: Mapping[str, pulumi.Input[str]]
    control_plane_security_group_id: pulumi.Input[str]
    node_security_group_id: pulumi.Input[str]


@dataclass(frozen=True)
class ClusterFacts:
    """What node pools need of a cluster.

    Attributes:
        name: The cluster's name: `PROJECT-STACK-NAME`.
        arn: Its ARN.
        endpoint: URL of the API server.
        certificate_authority: Its certificate, base64 as EKS and nodeadm have it.
        service_cidr: The range of services; plain.
        kubernetes: Its Kubernetes minor version, such as 1.35; plain.
        security_group_id: The group that EKS made for the control plane.
        node_role_arn: The role of every node.
        node_role_name: Its name.
        node_instance_profile: Name of the instance profile with that role, for Karpenter's node classes. (EKS makes a
            managed node group's own.)
        pods_have_subnets: Whether pods live in subnets of their own: then a node's first interface holds none of them.
        before_nodes: What a node finds missing at start if it isn't there yet: permissions, network, identities.
        before_objects: What lets whoever deploys into the cluster, and to it; without it nothing in there is made or
            deleted.
        before_elastic: What Karpenter's custom resources wait for; empty until Karpenter is there.
    """

    name: pulumi.Input[str]
    arn: pulumi.Input[str]
    endpoint: pulumi.Input[str]
    certificate_authority: pulumi.Input[str]
    service_cidr: str
    kubernetes: str
    security_group_id: pulumi.Input[str]
    node_role_arn: pulumi.Input[str]
    node_role_name: pulumi.Input[str]
    node_instance_profile: pulumi.Input[str]
    pods_have_subnets: bool
    before_nodes: Sequence[pulumi.Resource] = field(default_factory=tuple)
    before_objects: Sequence[pulumi.Resource] = field(default_factory=tuple)
    before_elastic: Sequence[pulumi.Resource] = field(default_factory=tuple)
