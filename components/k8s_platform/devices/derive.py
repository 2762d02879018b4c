"""Which parts of the device layer the pools need, and the values of each chart: pure.

Sources: values of the charts nvidia-device-plugin 0.20, dra-driver-nvidia-gpu 0.5, aws-efa-k8s-device-plugin 0.5.30,
dcgm-exporter 4.8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from components.gpu_cluster.machines import kinds, machines
from components.gpu_cluster.spec import Devices, NodeSpec, OperatingSystem, Pool
from components.k8s_platform.scheduling import (
    ACCELERATOR,
    DEVICES,
    EFA,
    EVERYWHERE,
    ON_DCGM_NODES,
    POOL,
    SYSTEM,
    on_nodes,
)
from components.k8s_platform.spec import ClusterSpec

NVIDIA: Final = "nvidia"
DCGM_PORT: Final = 5555
"""Where the monitoring agent's DCGM listens on each node. Source: eks-node-monitoring-agent, chart."""

UPSTREAM_IMAGES: Final[Mapping[str, str]] = {
    "nvidia-device-plugin": "nvcr.io/nvidia/k8s-device-plugin",
    "dcgm-exporter": "nvcr.io/nvidia/k8s/dcgm-exporter",
}
"""What the charts pull from a registry that ECR can't cache, by the chart's name. Source: the charts' values."""

Values = dict[str, Any]


@dataclass(frozen=True)
class Needs:
    """What the pools' nodes have, generations that only drain among them: their work goes on.

    Attributes:
        device_plugin: Some GPUs are handed out by NVIDIA's device plugin, and the node doesn't run it by itself.
        dra: Some GPUs are handed out by NVIDIA's DRA driver.
        efa: Some nodes have EFA interfaces.
        nvidia: Some nodes have NVIDIA GPUs, whoever hands them out.
    """

    device_plugin: bool
    dra: bool
    efa: bool
    nvidia: bool


def needs(pools: Mapping[str, Pool]) -> Needs:
    """What the device layer has to serve.

    Raises:
        InvalidInputError: A pool names a type that the catalogue doesn't have.
    """
    nodes = list(_nodes(pools))
    return Needs(
        device_plugin=any(
            node.devices is Devices.DEVICE_PLUGIN and node.os is not OperatingSystem.BOTTLEROCKET for node in nodes
        ),
        dra=any(node.devices is Devices.DRA for node in nodes),
        efa=any(node.efa for node in nodes),
        nvidia=any(NVIDIA in kinds(machines(node)) for node in nodes),
    )


@dataclass(frozen=True)
class ChartArgs:
    """One chart to install: its name in the release, and its values."""

    name: str
    values: Values


def charts(spec: ClusterSpec, wanted: Needs, images: Mapping[str, str]) -> tuple[ChartArgs, ...]:
    """The charts that some pool wants.

    Args:
        spec: The cluster.
        wanted: What the pools need.
        images: Image references (`HOST/PATH@DIGEST`) by the chart's name, in place of the charts' own.
    """
    return tuple(
        ChartArgs(name, {**make(spec, wanted), **_image(images.get(name))})
        for name, (wants, make) in CHARTS.items()
        if wants(wanted)
    )


def _nodes(pools: Mapping[str, Pool]) -> Iterator[NodeSpec]:
    for pool in pools.values():
        for generation in pool.generations:
            yield generation.node


def _image(reference: str | None) -> Values:
    if reference is None:
        return {}
    # The charts join repository and tag by a colon, and so does a digest its algorithm and its value.
    repository, _, tag = reference.rpartition(":")
    return {"image": {"repository": repository, "tag": tag}}


def _device_plugin(_: ClusterSpec, __: Needs) -> Values:
    return {
        # Never on a node whose GPUs the DRA driver hands out: both would give the same GPU away.
        "affinity": on_nodes({DEVICES: Devices.DEVICE_PLUGIN.value, ACCELERATOR: NVIDIA}),
        "tolerations": list(EVERYWHERE),
        # On by default in 0.19.0: it mounts every uverbs device, EFA's too, which are the EFA plugin's to hand out
        # (k8s-device-plugin #1692).
        "mofedEnabled": False,
        "failOnInitError": True,
    }


def _dra(spec: ClusterSpec, _: Needs) -> Values:
    return {
        # The chart asks whoever lets it hand out GPUs to confirm that no device plugin does: node labels see to that.
        "gpuResourcesEnabledOverride": True,
        # Compute domains are for NVLink across machines (GB200 and later), which the catalogue has none of.
        "resources": {"gpus": {"enabled": True}, "computeDomains": {"enabled": False}},
        "controller": {"affinity": on_nodes({POOL: spec.system_pool}), "tolerations": list(SYSTEM)},
        "kubeletPlugin": {
            "affinity": on_nodes({DEVICES: Devices.DRA.value, ACCELERATOR: NVIDIA}),
            "tolerations": list(EVERYWHERE),
        },
    }


def _efa(_: ClusterSpec, __: Needs) -> Values:
    return {
        # The chart's own list of instance types lags behind EC2: a new type would have EFA that no pod can ask for.
        # Our label says which nodes have interfaces, and leaves out those of the same types without.
        "supportedInstanceLabels": {"keys": [EFA], "values": ["true"]},
        "tolerations": list(EVERYWHERE),
    }


def _dcgm(_: ClusterSpec, wanted: Needs) -> Values:
    return {
        "affinity": ON_DCGM_NODES,
        "tolerations": list(EVERYWHERE),
        # One DCGM a node, the monitoring agent's; a second one takes the profiling counters from it, the agent calls
        # the GPUs sick and repair takes the node (containers-roadmap #2763, eks-node-monitoring-agent #256).
        "arguments": ["-f", "/etc/dcgm-exporter/default-counters.csv", "-r", f"localhost:{DCGM_PORT}"],
        "hostNetwork": True,
        "securityContext": {"capabilities": {"add": [], "drop": ["ALL"]}},
        # Needs definitions of Prometheus' operator, which the cluster may not have: then Helm would fail.
        "serviceMonitor": {"enabled": False},
        "kubernetesDRA": {"enabled": wanted.dra},
    }


CHARTS: Final[Mapping[str, tuple[Callable[[Needs], bool], Callable[[ClusterSpec, Needs], Values]]]] = {
    "nvidia-device-plugin": (lambda wanted: wanted.device_plugin, _device_plugin),
    "nvidia-dra-driver-gpu": (lambda wanted: wanted.dra, _dra),
    "aws-efa-k8s-device-plugin": (lambda wanted: wanted.efa, _efa),
    "dcgm-exporter": (lambda wanted: wanted.nvidia, _dcgm),
}
"""Charts by their name in the release: who wants them, and what makes their values."""
