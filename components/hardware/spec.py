"""The facts of one instance type, in EC2's own terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GPU_KINDS: Final = frozenset({"nvidia", "amd"})
"""Accelerators that programs know as GPUs; Neuron, Gaudi, FPGAs and transcoders have plug-ins of their own."""


@dataclass(frozen=True, slots=True)
class NetworkCard:
    """One of a machine's network cards.

    Attributes:
        index: EC2's NetworkCardIndex.
        interfaces: Network interfaces it takes at most.
        interface_types: What may be made on it: of "interface", "efa", "efa-only".
        gbps: Baseline bandwidth in Gbit/s, 0 where AWS states none.
    """

    index: int
    interfaces: int
    interface_types: tuple[str, ...]
    gbps: float


@dataclass(frozen=True, slots=True)
class Accelerator:
    """Devices of one model.

    Attributes:
        kind: "nvidia", "amd", "habana" (GPUs by manufacturer), "neuron", or by use "inference", "fpga", "media".
        name: EC2's name of the model, such as "H100".
        count: Devices the operating system sees.
        memory_mib: Memory of each in MiB.
        cores: NeuronCores of each, 0 for every other kind.
        share: The part of a physical GPU that each is: 1.0, or less on types that divide one.
    """

    kind: str
    name: str
    count: int
    memory_mib: int
    cores: int = 0
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class LocalDisks:
    """Instance store.

    Attributes:
        count: Disks.
        size_gb: Size of each in GB.
        nvme: The operating system sees them as NVMe devices.
    """

    count: int
    size_gb: int
    nvme: bool


@dataclass(frozen=True, slots=True)
class QuotaClass:
    """The vCPU limits that instances of a type count against.

    Attributes:
        name: Short name, such as "P" or "G and VT".
        on_demand_code: Service Quotas code of the on-demand limit (service "ec2"), None where there is none.
        spot_code: The same for spot requests.
    """

    name: str
    on_demand_code: str | None
    spot_code: str | None


@dataclass(frozen=True, slots=True)
class InstanceType:
    """One EC2 instance type.

    Attributes:
        name: Such as "p5.48xlarge".
        architectures: Of "x86_64", "arm64", "i386" and Apple's two.
        vcpus: Default vCPUs.
        memory_mib: Main memory in MiB.
        accelerators: Accelerators, one entry per model.
        cards: Network cards by index.
        max_efa: EFA interfaces it takes at most.
        efa_supported: Whether it takes any.
        local_disks: Instance store, None if it has none.
        usage_classes: Of "on-demand", "spot", "capacity-block".
        placement_strategies: Of "cluster", "partition", "spread".
        quota_class: The vCPU limits it counts against.
        bare_metal: No hypervisor.
        hypervisor: "nitro", "xen", or empty on bare metal.
        max_interfaces: Network interfaces over all cards.
        ipv4_per_interface: IPv4 addresses an interface takes.
        current_generation: AWS doesn't count it among the previous generation.
    """

    name: str
    architectures: tuple[str, ...]
    vcpus: int
    memory_mib: int
    accelerators: tuple[Accelerator, ...]
    cards: tuple[NetworkCard, ...]
    max_efa: int
    efa_supported: bool
    local_disks: LocalDisks | None
    usage_classes: tuple[str, ...]
    placement_strategies: tuple[str, ...]
    quota_class: QuotaClass
    bare_metal: bool
    hypervisor: str
    max_interfaces: int
    ipv4_per_interface: int
    current_generation: bool

    @property
    def gpus(self) -> int:
        """GPUs the operating system sees (`GPU_KINDS`)."""
        return sum(device.count for device in self.accelerators if device.kind in GPU_KINDS)

    @property
    def family(self) -> str:
        """The part before the dot, such as "p5en"."""
        return self.name.partition(".")[0]
