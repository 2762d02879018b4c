"""User data: what a node is told at its first boot. Typed values only; no shell, no template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from components.gpu_cluster import machines, toml
from components.gpu_cluster.network import ClusterValues
from components.gpu_cluster.spec import NodeSpec, OperatingSystem, Taint

BOUNDARY: Final = "herd"
LIMIT: Final = 16 * 1024
"""Bytes that user data may have before it is encoded. Source: EC2 User Guide, "Work with instance user data"."""

# Without directories named, `bind` takes all that images, pods and logs are in. Its only way is RAID0.
# Source: Karpenter v1.14, bootstrap/bottlerocket.go and version.go.
LOCAL_DISKS: Final[Mapping[str, Any]] = {
    "commands": [["apiclient", "ephemeral-storage", "init"], ["apiclient", "ephemeral-storage", "bind"]],
    "essential": True,
    "mode": "always",
}


def user_data(cluster: ClusterValues, node: NodeSpec, labels: Mapping[str, str], taints: tuple[Taint, ...]) -> str:
    """All that a node of a node group is told: EKS adds nothing where the template names an image.

    The taints stand here too, because with an image of one's own EKS sets a node group's after the node has joined,
    which is time enough for a pod to slip in. (EKS User Guide, "Customize managed nodes with launch templates".)
    """
    if node.os is OperatingSystem.BOTTLEROCKET:
        return _bottlerocket(cluster, node, labels, taints)
    return _multipart(_node_config(cluster, node, labels, taints))


def karpenter_user_data(node: NodeSpec) -> str | None:
    """What Karpenter merges into the user data it writes itself; None if there is nothing to add.

    Cluster, labels, taints, pods and local disks are Karpenter's to write, from the node class and the node pool.
    """
    if not node.fast_image_pull or node.os is OperatingSystem.BOTTLEROCKET:
        return None
    return _multipart(_config({"featureGates": {"FastImagePull": True}}))


def _node_config(
    cluster: ClusterValues, node: NodeSpec, labels: Mapping[str, str], taints: tuple[Taint, ...]
) -> dict[str, Any]:
    """The NodeConfig of nodeadm. Source: awslabs/amazon-eks-ami, nodeadm/api/v1alpha1."""
    kubelet = {
        "config": {
            "maxPods": machines.most_pods(node),
            "registerWithTaints": [taint.wire() for taint in taints],
        },
        "flags": [f"--node-labels={','.join(f'{key}={labels[key]}' for key in sorted(labels))}"],
    }
    spec: dict[str, Any] = {
        "cluster": {
            "name": cluster.name,
            "apiServerEndpoint": cluster.endpoint,
            "certificateAuthority": cluster.certificate_authority,
            "cidr": cluster.service_cidr,
        },
        "kubelet": kubelet,
    }
    if machines.has_local_disks(node):
        spec["instance"] = {"localStorage": {"strategy": "RAID0"}}
    if node.fast_image_pull:
        spec["featureGates"] = {"FastImagePull": True}
    return _config(spec)


def _config(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": spec}


def _multipart(config: Mapping[str, Any]) -> str:
    """One part of nodeadm's own type. nodeadm reads JSON as it reads YAML (nodeadm, bridge/decode.go)."""
    return (
        "MIME-Version: 1.0\n"
        f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"\n'
        f"\n--{BOUNDARY}\n"
        "Content-Type: application/node.eks.aws\n"
        f"\n{json.dumps(config, indent=2)}\n"
        f"\n--{BOUNDARY}--\n"
    )


def _bottlerocket(cluster: ClusterValues, node: NodeSpec, labels: Mapping[str, str], taints: tuple[Taint, ...]) -> str:
    """Bottlerocket's settings. Huge pages and locked memory for EFA it sets by itself (bottlerocket-core-kit #141)."""
    node_taints: dict[str, list[str]] = {}
    for taint in taints:
        node_taints.setdefault(taint.key, []).append(f"{taint.value}:{taint.effect}")
    kubernetes = {
        "api-server": cluster.endpoint,
        "cluster-certificate": cluster.certificate_authority,
        "cluster-dns-ip": cluster.dns_address,
        "cluster-name": cluster.name,
        "max-pods": machines.most_pods(node),
        "node-labels": {key: labels[key] for key in sorted(labels)},
        "node-taints": node_taints,
    }
    settings: dict[str, Any] = {"kubernetes": kubernetes}
    if machines.has_local_disks(node):
        settings["bootstrap-commands"] = {"000-local-disks": LOCAL_DISKS}
    return toml.dumps({"settings": settings})
