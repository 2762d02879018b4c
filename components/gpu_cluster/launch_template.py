"""The launch template of a static generation: arguments in the spelling of `pulumi_aws.ec2.LaunchTemplate`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import pulumi

from components.gpu_cluster import machines, paid
from components.gpu_cluster.network import Ids
from components.gpu_cluster.nodes import Nodes
from components.gpu_cluster.spec import NodeSpec, OperatingSystem, StaticPool
from components.hardware.wiring import EFA_TYPES, Interface

METADATA: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "http_endpoint": "enabled",
        "http_tokens": "required",
        "http_put_response_hop_limit": 1,
        "http_protocol_ipv6": "disabled",
        "instance_metadata_tags": "disabled",
    }
)
"""IMDSv2 alone, and one hop: a pod's request has two, so pods get credentials from Pod Identity and not the node's."""

ROOT_DEVICE: Final = "/dev/xvda"
DATA_DEVICE: Final = "/dev/xvdb"
"""Where Bottlerocket keeps images and pods; its root device holds the system alone, in 4 GiB. Source: bottlerocket.dev,
"Volumes"; Karpenter v1.14, amifamily/bottlerocket.go."""
SYSTEM_GIB: Final = 4

TAGGED: Final = ("instance", "volume", "network-interface")
"""What a launch template can tag that costs money or is found by people: a provider's default tags don't reach it."""


def volumes(node: NodeSpec) -> tuple[tuple[str, dict[str, int]], ...]:
    """Device and gp3 settings (`size` in GiB, `iops`, `throughput` in MiB/s) of each volume of a node."""
    root = node.root_volume
    large = {"size": root.size_gib, "iops": root.iops, "throughput": root.throughput}
    if node.os is OperatingSystem.BOTTLEROCKET:
        return (ROOT_DEVICE, {"size": SYSTEM_GIB}), (DATA_DEVICE, large)
    return ((ROOT_DEVICE, large),)


def launch_template(nodes: Nodes[StaticPool], ids: Ids, user_data: pulumi.Input[str]) -> dict[str, Any]:
    """Everything that a generation's nodes are made of; tags come on top.

    No key pair: SSM is the only shell. No subnet: the node group has it. No spot market: EKS refuses it here.

    Args:
        nodes: The generation.
        ids: What the cloud knows.
        user_data: Encoded, as EC2 wants it.
    """
    node, capacity, reservations = nodes.node, nodes.pool.capacity, nodes.reservations
    wired = machines.wiring(node, pods_have_subnets=ids.pods_have_subnets)
    arguments: dict[str, Any] = {
        "image_id": nodes.image.id,
        "user_data": user_data,
        "block_device_mappings": [
            {"device_name": device, "ebs": _volume(settings, ids)} for device, settings in volumes(node)
        ],
        "network_interfaces": [_interface(interface, ids) for interface in wired],
        "metadata_options": dict(METADATA),
        "monitoring": {"enabled": True},
        **paid.market(capacity, reservations),
    }
    if len(node.instance_types) == 1:
        # A capacity block wants its type here; several types stand in the node group: EKS refuses both.
        arguments["instance_type"] = node.instance_types[0]
    if group := ids.placement_group or paid.foreign_placement_group(capacity, reservations):
        arguments["placement"] = {"group_name": group}
    return arguments


def tag_specifications(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """The tags of what a template starts."""
    return [{"resource_type": kind, "tags": dict(tags)} for kind in TAGGED]


def _volume(settings: Mapping[str, int], ids: Ids) -> dict[str, Any]:
    volume = {
        "volume_type": "gp3",
        "volume_size": settings["size"],
        "encrypted": "true",
        "kms_key_id": ids.volume_key,
        "delete_on_termination": "true",
    }
    return volume | {key: settings[key] for key in ("iops", "throughput") if key in settings}


def _interface(interface: Interface, ids: Ids) -> dict[str, Any]:
    """What carries IP is in the nodes' groups, what carries EFA in EFA's, what carries EFA alone in that alone.

    Source: terraform-aws-eks #3653: an EFA-only interface carries no IP, and needs its own group's members alone.
    """
    groups: list[pulumi.Input[str]] = []
    has_address = interface.interface_type != "efa-only"
    if has_address:
        groups += [ids.node_group, ids.cluster_group]
    if interface.interface_type in EFA_TYPES:
        groups += [ids.efa_group]
    arguments: dict[str, Any] = {
        "network_card_index": interface.network_card_index,
        "device_index": interface.device_index,
        "interface_type": interface.interface_type,
        "security_groups": groups,
        "delete_on_termination": "true",
    }
    if has_address:
        # EC2 takes no such setting, not even false, for an EFA-only interface (Karpenter, launchtemplate/types.go).
        arguments["associate_public_ip_address"] = "false"
    return arguments
