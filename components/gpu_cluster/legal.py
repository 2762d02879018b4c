"""What a node can be made of: a table of pure checks on one generation's node, each with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from components.base.validation import FieldPath, closest
from components.gpu_cluster.spec import Devices, NodeSpec, OperatingSystem
from components.hardware import catalogue
from components.hardware.spec import InstanceType
from components.release.spec import AmiPin, ReleaseSpec

Found = Iterator[tuple[FieldPath, str, str]]
"""Path below the generation, what is wrong, what to do."""

RESERVED_LABELS: Final = (
    "kubernetes.io",
    "k8s.io",
    "karpenter.sh",
    "karpenter.k8s.aws",
    "eks.amazonaws.com",
    "herd.dev",
)
"""Label domains, with everything below them, that Kubernetes, Karpenter, EKS and Herd write themselves.
Sources: Kubernetes, well-known labels and the NodeRestriction admission plug-in; Karpenter, NodePool requirements."""

ACCELERATOR_KEYS: Final = ("nvidia.com/gpu", "aws.amazon.com/neuron")
"""Taints that nodes with accelerators have anyway."""

GP3_IOPS_PER_GIB: Final = 500
GP3_BASE_IOPS: Final = 3000
GP3_MIBPS_PER_IOPS: Final = 0.25
"""Ratios that EBS enforces for gp3. Source: EBS User Guide, "General Purpose SSD volumes"."""


@dataclass(frozen=True, slots=True)
class Node:
    """One generation's node, with what it depends on.

    Attributes:
        spec: What was asked for.
        elastic: Whether Karpenter makes it.
        release: The release it takes its image from; None if that wasn't read.
        release_name: How the generation calls it.
    """

    spec: NodeSpec
    elastic: bool
    release: ReleaseSpec | None
    release_name: str

    @property
    def machines(self) -> tuple[InstanceType, ...]:
        """The types that there are."""
        return tuple(machine for name in self.spec.instance_types if (machine := catalogue.find_type(name)))

    @property
    def image(self) -> AmiPin | None:
        """The image, if the release has it."""
        return self.release.amis.get(self.spec.image) if self.release else None


Check = Callable[[Node], Found]


def image_is_released(node: Node) -> Found:
    """The release has an image by that name."""
    if node.release is None:
        yield ("release",), f"the release {node.release_name!r} wasn't read", "name a lock in stacks/releases"
    elif node.image is None:
        message = f"release {node.release.name} has no image {node.spec.image!r}"
        yield ("node", "image"), message, closest(node.spec.image, list(node.release.amis))


def image_fits_the_machines(node: Node) -> Found:
    """One image boots on all types."""
    for machine in node.machines:
        if node.image and node.image.architecture not in machine.architectures:
            types = "/".join(machine.architectures)
            message = f"{machine.name} is {types}, the image {node.spec.image} is {node.image.architecture}"
            yield ("node", "instanceTypes"), message, "use types and an image of one architecture"


def system_can_do_it(node: Node) -> Found:
    """Bottlerocket has no nodeadm, whose feature the parallel pull is (what was only defaulted is left out there), and
    brings NVIDIA's device plugin along. Source: bottlerocket #1916, "NVIDIA k8s device plugin".
    """
    spec = node.spec
    if spec.os is OperatingSystem.BOTTLEROCKET and "fast_image_pull" in spec.model_fields_set and spec.fast_image_pull:
        message = "parallel pulls are a feature of nodeadm, which Bottlerocket doesn't have"
        yield ("node", "fastImagePull"), message, "remove it, or use os: al2023"
    if spec.os is OperatingSystem.BOTTLEROCKET and spec.devices is Devices.DRA:
        message = "Bottlerocket runs NVIDIA's device plugin itself: it and a DRA driver would give the same GPUs away"
        yield ("node", "devices"), message, "say device-plugin, or use os: al2023"


def disks_there_are(node: Node) -> Found:
    """Disks that were asked for exist; the default asks for them only where they do."""
    asked = "local_disks" in node.spec.model_fields_set and node.spec.local_disks == "raid0"
    if asked and node.machines and not any(m.local_disks and m.local_disks.nvme for m in node.machines):
        names = ", ".join(machine.name for machine in node.machines)
        yield ("node", "localDisks"), f"{names}: no NVMe disks", "remove it, or use a type with local disks"


def devices_match(node: Node) -> Found:
    """GPUs that nobody hands out are paid for and idle; a device layer without GPUs never gets ready."""
    for machine in node.machines:
        nvidia = any(device.kind == "nvidia" for device in machine.accelerators)
        if nvidia and node.spec.devices is Devices.NONE:
            message = f"nobody would hand the GPUs of {machine.name} to pods"
            yield ("node", "devices"), message, "say device-plugin, or dra in a static pool"
        if not nvidia and node.spec.devices is not Devices.NONE:
            message = f"{machine.name} has no NVIDIA GPUs to hand out"
            yield ("node", "devices"), message, "say none, or use a type with them"


def no_dynamic_resources_when_elastic(node: Node) -> Found:
    """Karpenter must know what a DRA driver will offer on a node that isn't there yet: 1.15 does, behind a gate.

    Source: Amazon EKS User Guide, "Use the NVIDIA DRA driver or device plugin on Amazon EKS": the device plugin with
    Karpenter's dynamic capacity.
    """
    if node.elastic and node.spec.devices is Devices.DRA:
        yield ("node", "devices"), "dynamic resource allocation needs nodes that are there", "say device-plugin"


def labels_are_ours_to_give(node: Node) -> Found:
    """Labels that others write would be overwritten, or refused by the API server."""
    for label in node.spec.labels:
        if domain := reserved_domain(label):
            yield ("node", "labels", label), f"{domain} is written by others", "use a prefix of your own"


def taints_are_clear(node: Node) -> Found:
    """One taint of a key and effect, and none that is written by others."""
    for at, taint in enumerate(node.spec.taints):
        if taint.key in ACCELERATOR_KEYS:
            yield ("node", "taints", at, "key"), f"{taint.key}: nodes with accelerators have it anyway", "remove it"
        elif domain := reserved_domain(taint.key):
            yield ("node", "taints", at, "key"), f"{domain} is written by others", "use a prefix of your own"
    for (key, effect), times in Counter((taint.key, taint.effect) for taint in node.spec.taints).items():
        if times > 1:
            last = max(at for at, taint in enumerate(node.spec.taints) if (taint.key, taint.effect) == (key, effect))
            message = f"{key}:{effect} stands here {times} times: Kubernetes takes one value for it"
            yield ("node", "taints", last), message, "keep one"


def volume_within_ratios(node: Node) -> Found:
    """EBS refuses performance beyond fixed ratios."""
    volume = node.spec.root_volume
    most = max(GP3_BASE_IOPS, GP3_IOPS_PER_GIB * volume.size_gib)
    if volume.iops > most:
        message = f"{volume.size_gib} GiB give {most} operations a second at most, not {volume.iops}"
        yield ("node", "rootVolume", "iops"), message, "ask for fewer, or a larger volume"
    fastest = int(GP3_MIBPS_PER_IOPS * volume.iops)
    if volume.throughput > fastest:
        message = f"{volume.iops} operations a second carry {fastest} MiB/s at most, not {volume.throughput}"
        yield ("node", "rootVolume", "throughput"), message, f"raise iops to {volume.throughput * 4}"


CHECKS: Final[tuple[Check, ...]] = (
    image_is_released,
    image_fits_the_machines,
    system_can_do_it,
    disks_there_are,
    devices_match,
    no_dynamic_resources_when_elastic,
    labels_are_ours_to_give,
    taints_are_clear,
    volume_within_ratios,
)


def reserved_domain(name: str) -> str:
    """The reserved domain that a label or taint is in; empty if it is in none."""
    prefix, slash, _ = name.partition("/")
    if not slash:
        return ""
    return next((domain for domain in RESERVED_LABELS if prefix == domain or prefix.endswith(f".{domain}")), "")
