"""An elastic generation as Karpenter's own resources: `EC2NodeClass` and `NodePool`, in their spelling.

Fields after Karpenter v1.11 (network interfaces, limits in nodes); checked against the CRDs of v1.14.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from components.base.problems import InvalidInputError
from components.gpu_cluster import machines, paid
from components.gpu_cluster.launch_template import METADATA, volumes
from components.gpu_cluster.network import Ids
from components.gpu_cluster.nodes import Nodes
from components.gpu_cluster.spec import (
    Disruption,
    ElasticGeneration,
    ElasticPool,
    NodeSpec,
    OperatingSystem,
    Phase,
    Taint,
)
from components.gpu_cluster.user_data import karpenter_user_data
from components.hardware.wiring import Interface
from components.release.spec import Architecture

NODE_CLASS: Final = ("karpenter.k8s.aws/v1", "EC2NodeClass")
NODE_POOL: Final = ("karpenter.sh/v1", "NodePool")
FAMILIES: Final[Mapping[OperatingSystem, str]] = MappingProxyType(
    {OperatingSystem.AL2023: "AL2023", OperatingSystem.BOTTLEROCKET: "Bottlerocket"}
)
ARCHITECTURES: Final[Mapping[Architecture, str]] = MappingProxyType(
    {Architecture.X86_64: "amd64", Architecture.ARM64: "arm64"}
)
NEVER: Final = "Never"
DRAINED: Final = "1m"
"""How long a draining generation's node is empty before it goes: long enough for a pod that was bound just now."""
# The node class spells what EC2 calls http_put_response_hop_limit, and has no setting for tags in the metadata.
METADATA_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "httpEndpoint": "http_endpoint",
        "httpTokens": "http_tokens",
        "httpPutResponseHopLimit": "http_put_response_hop_limit",
        "httpProtocolIPv6": "http_protocol_ipv6",
    }
)


def node_class(nodes: Nodes[ElasticPool], ids: Ids) -> dict[str, Any]:
    """The spec of the `EC2NodeClass`: everything named by id, nothing looked up; tags come on top.

    Raises:
        InvalidInputError: The machines or their capacity can't be had through Karpenter.
    """
    node = nodes.node
    groups = [ids.node_group, ids.cluster_group, *([ids.efa_group] if node.efa else [])]
    spec: dict[str, Any] = {
        "amiFamily": FAMILIES[node.os],
        "amiSelectorTerms": [{"id": nodes.image.id}],
        "instanceProfile": ids.instance_profile,
        "subnetSelectorTerms": [{"id": ids.subnets[zone]} for zone in nodes.pool.zones],
        "securityGroupSelectorTerms": [{"id": group} for group in groups],
        "associatePublicIPAddress": False,
        "metadataOptions": {name: METADATA[field] for name, field in METADATA_FIELDS.items()},
        "blockDeviceMappings": [_volume(device, settings, ids) for device, settings in volumes(node)],
        "detailedMonitoring": True,
        "kubelet": {"maxPods": machines.most_pods(node)},
    }
    if machines.has_local_disks(node):
        spec["instanceStorePolicy"] = "RAID0"
    if node.efa:
        spec["networkInterfaces"] = _interfaces(node)
    if terms := paid.selector(nodes.pool.capacity, nodes.reservations):
        spec["capacityReservationSelectorTerms"] = terms
    if user_data := karpenter_user_data(node):
        spec["userData"] = user_data
    return spec


def node_template(nodes: Nodes[ElasticPool]) -> dict[str, Any]:
    """What nodes of a generation are like, apart from how long they live: `spec.template` of the `NodePool`."""
    node, pool = nodes.node, nodes.pool
    requirements = {
        "node.kubernetes.io/instance-type": list(node.instance_types),
        "karpenter.sh/capacity-type": list(paid.row(pool.capacity).karpenter),
        "topology.kubernetes.io/zone": list(pool.zones),
        "kubernetes.io/arch": [ARCHITECTURES[nodes.image.architecture]],
        "kubernetes.io/os": ["linux"],
    }
    group, kind = NODE_CLASS
    return {
        "metadata": {"labels": machines.labels(nodes.pool_name, nodes.key, node)},
        "spec": {
            "nodeClassRef": {"group": group.partition("/")[0], "kind": kind, "name": nodes.name},
            "requirements": [
                {"key": label, "operator": "In", "values": values} for label, values in requirements.items()
            ],
            "taints": [_taint(taint) for taint in machines.taints(node)],
        },
    }


def node_pool(nodes: Nodes[ElasticPool], generation: ElasticGeneration) -> dict[str, Any]:
    """The spec of the `NodePool`. Draining leaves the template as it is, so that no node drifts."""
    pool, template = nodes.pool, node_template(nodes)
    reserved = paid.is_reserved(pool.capacity)
    template["spec"]["expireAfter"] = NEVER if reserved else _duration(pool.disruption.expire_after)
    return {
        "template": template,
        "disruption": _emptied(pool.disruption) if _drains(generation) else _kept(pool.disruption, reserved=reserved),
        "limits": limits(generation),
        "weight": pool.weight,
    }


def limits(generation: ElasticGeneration) -> dict[str, str]:
    """The most that the generation may grow to, in nodes and in what its largest type has; draining, nothing."""
    found = [machines.resources(machine) for machine in machines.machines(generation.node)]
    largest = {name: max(machine.get(name, 0) for machine in found) for machine in found for name in machine}
    nodes = 0 if _drains(generation) else generation.max_nodes
    most = {"nodes": str(nodes), **{name: str(nodes * each) for name, each in largest.items()}}
    return {**most, "memory": f"{most['memory']}Mi"} if nodes else most


def _drains(generation: ElasticGeneration) -> bool:
    return generation.phase is Phase.DRAINING


def _emptied(asked: Disruption) -> dict[str, Any]:
    """A draining generation's nodes go as soon as they are empty, reserved too: their places are the next one's."""
    return {
        "consolidationPolicy": "WhenEmptyOrUnderutilized" if asked.while_running else "WhenEmpty",
        "consolidateAfter": DRAINED,
        "budgets": [
            {"nodes": "0", "reasons": ["Drifted"]},
            {"nodes": f"{asked.max_nodes_percent}%", "reasons": ["Underutilized"]},
            {"nodes": "100%"},
        ],
    }


def _kept(asked: Disruption, *, reserved: bool) -> dict[str, Any]:
    """Reserved nodes are given back to nobody, so none is disrupted. Others may go when empty (or for savings), never
    because they drifted: what a generation is made of changes with a new generation alone.
    """
    if reserved:
        return {"consolidationPolicy": "WhenEmpty", "consolidateAfter": NEVER, "budgets": [{"nodes": "0"}]}
    return {
        "consolidationPolicy": "WhenEmptyOrUnderutilized" if asked.while_running else "WhenEmpty",
        "consolidateAfter": _duration(asked.consolidate_after),
        "budgets": [{"nodes": "0", "reasons": ["Drifted"]}, {"nodes": f"{asked.max_nodes_percent}%"}],
    }


def _duration(asked: str) -> str:
    return NEVER if asked == "never" else asked


def _taint(taint: Taint) -> dict[str, str]:
    return {key: value for key, value in taint.wire().items() if value}


def _volume(device: str, settings: Mapping[str, int], ids: Ids) -> dict[str, Any]:
    ebs = {
        "volumeType": "gp3",
        "volumeSize": f"{settings['size']}Gi",
        "encrypted": True,
        "kmsKeyID": ids.volume_key,
        "deleteOnTermination": True,
    }
    return {
        "deviceName": device,
        "ebs": ebs | {key: settings[key] for key in ("iops", "throughput") if key in settings},
    }


def wiring(node: NodeSpec) -> tuple[Interface, ...]:
    """The interfaces of a node that Karpenter makes: never one for both address and EFA."""
    return machines.wiring(node, pods_have_subnets=False)


def _interfaces(node: NodeSpec) -> list[dict[str, Any]]:
    wired = wiring(node)
    if any(interface.interface_type == "efa" for interface in wired):
        text = f"{node.instance_types[0]} needs interfaces of type efa, and Karpenter makes interface and efa-only"
        raise InvalidInputError.one(text, field="node.efa", fix="make the pool static, or leave EFA out")
    return [
        {
            "networkCardIndex": interface.network_card_index,
            "deviceIndex": interface.device_index,
            "interfaceType": interface.interface_type,
        }
        for interface in wired
    ]
