"""Where nodes live, and what a node's template must be told that only the cloud knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Final, Self

import pulumi

DNS_OFFSET: Final = 10
"""EKS gives cluster DNS the tenth address of the service range. Source: EKS API, KubernetesNetworkConfigRequest."""


@dataclass(frozen=True)
class NodeNetwork:
    """The network as node pools see it.

    Attributes:
        private_subnet_ids: Subnets of nodes, by zone.
        node_security_group_id: The group of nodes and pods.
        efa_security_group_id: The group that lets everything through among its members, which EFA needs.
        volume_key_arn: The key of nodes' volumes.
    """

    private_subnet_ids: Mapping[str, pulumi.Input[str]]
    node_security_group_id: pulumi.Input[str]
    efa_security_group_id: pulumi.Input[str]
    volume_key_arn: pulumi.Input[str]


@dataclass(frozen=True, slots=True)
class Ids:
    """What launch templates and node classes name by id, and how pods live.

    Attributes:
        node_group: The security group of nodes.
        cluster_group: The security group that EKS made for the control plane.
        efa_group: The security group of EFA interfaces.
        volume_key: The key of volumes, by ARN.
        instance_profile: The profile with the nodes' role.
        placement_group: The placement group of the generation, by name; None if it has none of its own.
        subnets: Subnets of nodes, by zone.
        pods_have_subnets: Whether pods need an interface beside the node's own; plain.
    """

    node_group: pulumi.Input[str]
    cluster_group: pulumi.Input[str]
    efa_group: pulumi.Input[str]
    volume_key: pulumi.Input[str]
    instance_profile: pulumi.Input[str]
    placement_group: pulumi.Input[str] | None
    subnets: Mapping[str, pulumi.Input[str]]
    pods_have_subnets: bool

    @classmethod
    def placeholders(cls, zones: tuple[str, ...], *, placed: bool) -> Self:
        """Stand-ins that are the same in every stack, so that content can be hashed before anything exists."""
        return cls(
            node_group="${securityGroup.nodes}",
            cluster_group="${securityGroup.cluster}",
            efa_group="${securityGroup.efa}",
            volume_key="${key.volumes}",
            instance_profile="${cluster.nodeInstanceProfile}",
            placement_group="${placementGroup}" if placed else None,
            subnets={zone: f"${{subnet.{zone}}}" for zone in zones},
            # Herd's usual network; that of a cluster is no part of a generation.
            pods_have_subnets=True,
        )


@dataclass(frozen=True, slots=True)
class ClusterValues:
    """A cluster's facts once they are known: what user data says.

    Attributes:
        name: Its name.
        endpoint: URL of its API server.
        certificate_authority: Its certificate, base64.
        service_cidr: The range of services.
        dns_address: The address of cluster DNS.
    """

    name: str
    endpoint: str
    certificate_authority: str
    service_cidr: str
    dns_address: str


PLACEHOLDER_CLUSTER: Final = ClusterValues(
    name="${cluster.name}",
    endpoint="${cluster.endpoint}",
    certificate_authority="${cluster.certificateAuthority}",
    service_cidr="${cluster.serviceCidr}",
    dns_address="${cluster.dnsAddress}",
)
"""A cluster for content."""


def dns_address(service_cidr: str) -> str:
    """The address of cluster DNS in a range of services."""
    return str(IPv4Network(service_cidr)[DNS_OFFSET])
