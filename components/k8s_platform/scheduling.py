"""Where pods of the platform run: the labels and taints of nodes, and what pods say to them.

The labels are a contract: node pools put them on nodes, the platform's charts select by them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

POOL: Final = "herd.dev/pool"
"""Label: the pool a node belongs to."""
GENERATION: Final = "herd.dev/generation"
"""Label: the key of its generation."""
SLICE: Final = "herd.dev/slice"
"""Label: its slice, on nodes of static pools."""
DEVICES: Final = "herd.dev/devices"
"""Label: who hands its accelerators to pods: `device-plugin`, `dra`, or `bottlerocket`, which runs the device plugin
itself; absent on nodes without any."""
ACCELERATOR: Final = "herd.dev/accelerator"
"""Label: the kind of its accelerators (`nvidia`, `neuron`, ...); absent on nodes without any."""
EFA: Final = "herd.dev/efa"
"""Label: `true` on nodes with EFA interfaces."""

DRAINING: Final = "herd.dev/draining"
"""Taint: the node takes no new work."""
ACCELERATOR_TAINTS: Final = ("nvidia.com/gpu", "aws.amazon.com/neuron")
"""Taints that keep pods without accelerators off nodes with them."""

Affinity = dict[str, Any]
Toleration = dict[str, str]

EVERYWHERE: Final[Sequence[Toleration]] = ({"operator": "Exists"},)
"""For agents that every node needs, whatever its taints: a node nobody watches is never repaired."""
# CriticalAddonsOnly is the taint by which a system pool keeps other pods off, where it has one.
SYSTEM: Final[Sequence[Toleration]] = ({"key": "CriticalAddonsOnly", "operator": "Exists"},)


def on_nodes(labels: Mapping[str, str]) -> Affinity:
    """Only nodes with all of these labels; an affinity that takes the place of a chart's own."""
    expressions = [{"key": key, "operator": "In", "values": [value]} for key, value in labels.items()]
    return {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": expressions}]}
        }
    }


ON_DCGM_NODES: Final = on_nodes({ACCELERATOR: "nvidia", "kubernetes.io/arch": "amd64"})
"""Where DCGM runs and its exporter asks it: both by one rule, or one of them waits for the other. The monitoring agent
has it for x86-64 alone."""
