"""What follows from the machines of a generation: labels and taints, resources, disks, pods, wiring."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from components.base.problems import InvalidInputError
from components.gpu_cluster import bounds
from components.gpu_cluster.spec import Devices, NodeSpec, OperatingSystem, Taint
from components.hardware.catalogue import instance_type
from components.hardware.spec import InstanceType
from components.hardware.wiring import Interface, interfaces
from components.k8s_platform.scheduling import ACCELERATOR, DEVICES, EFA, GENERATION, POOL, SLICE

OUR_DOMAIN: Final = POOL.partition("/")[0]
MODEL: Final = f"{OUR_DOMAIN}/accelerator-model"
"""Label: the accelerators' model in lower case, such as `h100`; absent where a generation's types differ."""

RESOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {"nvidia": "nvidia.com/gpu", "amd": "amd.com/gpu", "neuron": "aws.amazon.com/neuron", "habana": "habana.ai/gaudi"}
)
"""Kind of accelerator -> the resource that pods ask for, which is also the key of the taint.
Sources: the device plugins of NVIDIA, AMD, AWS Neuron and Habana."""

PRESENT: Final = "nvidia.com/gpu.present"
"""Label that NVIDIA's charts select nodes by. Source: NVIDIA/k8s-device-plugin, values.yaml, affinity."""


def machines(node: NodeSpec) -> tuple[InstanceType, ...]:
    """The facts of a generation's types, in the order they are named.

    Raises:
        InvalidInputError: The catalogue has no such type.
    """
    return tuple(map(instance_type, node.instance_types))


def kinds(found: tuple[InstanceType, ...]) -> tuple[str, ...]:
    """The kinds of accelerators that pods can ask for, each once."""
    return tuple(dict.fromkeys(a.kind for machine in found for a in machine.accelerators if a.kind in RESOURCES))


def resources(machine: InstanceType) -> dict[str, int]:
    """What pods can ask of one machine: `cpu`, `memory` in MiB, and accelerators by resource."""
    found = {"cpu": machine.vcpus, "memory": machine.memory_mib}
    for accelerator in machine.accelerators:
        if name := RESOURCES.get(accelerator.kind):
            found[name] = found.get(name, 0) + accelerator.count
    return found


def labels(pool: str, key: str, node: NodeSpec) -> dict[str, str]:
    """Every label of a generation's nodes, apart from the slice, which isn't the template's.

    Raises:
        InvalidInputError: The spec claims a label of ours.
    """
    if claimed := sorted(label for label in node.labels if label.partition("/")[0] == OUR_DOMAIN or label == PRESENT):
        text = f"{', '.join(claimed)}: set by Herd itself"
        raise InvalidInputError.one(text, field="node.labels", fix="name the label otherwise")
    found = machines(node)
    ours = {POOL: pool, GENERATION: key}
    accelerated = kinds(found)
    if len(accelerated) == 1:
        ours[ACCELERATOR] = accelerated[0]
    models = {
        a.name.lower().replace(" ", "-") for machine in found for a in machine.accelerators if a.kind in RESOURCES
    }
    if len(models) == 1:
        ours[MODEL] = models.pop()
    if "nvidia" in accelerated:
        ours[PRESENT] = "true"
    if node.devices is not Devices.NONE:
        # Bottlerocket's NVIDIA images run the device plugin themselves: a chart that goes by this label must not add
        # another, which would hand the same GPUs out again (bottlerocket #1916).
        built_in = node.os is OperatingSystem.BOTTLEROCKET
        ours[DEVICES] = node.os.value if built_in else node.devices.value
    if node.efa:
        ours[EFA] = "true"
    return {**node.labels, **ours}


def slice_labels(number: int) -> dict[str, str]:
    """The label that tells a slice's nodes from those of its neighbours."""
    return {SLICE: str(number)}


def taints(node: NodeSpec) -> tuple[Taint, ...]:
    """The accelerators' taint, so that no other pod takes their place, and the spec's own."""
    theirs = tuple(Taint(key=RESOURCES[kind], effect="NoSchedule") for kind in kinds(machines(node)))
    return (*theirs, *(taint for taint in node.taints if taint not in theirs))


def has_local_disks(node: NodeSpec) -> bool:
    """Whether there are disks to make one file system of, on any of the types; where there are none, neither
    nodeadm nor Bottlerocket minds.
    """
    return node.local_disks == "raid0" and any(machine.local_disks for machine in machines(node))


def wiring(node: NodeSpec, *, pods_have_subnets: bool) -> tuple[Interface, ...]:
    """The network interfaces of a node. With EFA there is one type; without, all types have the same.

    p5, p5e and trn2 take two interfaces on their first card: an address and EFA apart fill it. The VPC CNI knows no
    other card, and where pods have subnets of their own it needs an interface there: no pod would ever get an address
    (amazon-vpc-cni-k8s #3189; from v1.20 it counts by card). So there, the first interface does both: as many are EFA
    as before, and one address.

    Raises:
        InvalidInputError: EFA is asked of a type that has none.
    """
    machine = machines(node)[0]
    wired = interfaces(machine, efa=node.efa)
    if pods_have_subnets and not _room(machine, wired) and machine.cards[0].interfaces > 1:
        return (Interface(machine.cards[0].index, 0, "efa"), *(i for i in wired if i.network_card_index > 0))
    return wired


def has_room_for_pods(node: NodeSpec, wired: tuple[Interface, ...]) -> bool:
    """Whether the first card has a place left for the interface that pods' addresses are on."""
    return all(_room(machine, wired) for machine in machines(node))


def _room(machine: InstanceType, wired: tuple[Interface, ...]) -> bool:
    first = machine.cards[0]
    return sum(interface.network_card_index == first.index for interface in wired) < first.interfaces


def most_pods(node: NodeSpec) -> int:
    """Pods of a node: as many as asked for, or as have room on the smallest of the types.

    Said outright, because nodeadm and Karpenter count single addresses, and the VPC CNI hands out whole prefixes.
    """
    return min(bounds.most_pods(node, machine) for machine in machines(node))
