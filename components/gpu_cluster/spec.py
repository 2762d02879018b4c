"""What a person asks of a node pool. What one node is made of belongs to a generation; how many there are does not.

A generation never changes: `node` (with the image that its release names) is hashed into its key.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from components.base.spec import Spec
from components.base.validation import FieldPath, FieldProblemsError
from components.capacity.spec import Capacity, Name

# Source: Kubernetes, label and taint syntax: an optional DNS prefix, then at most 63 characters.
LabelKey = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")
]
LabelValue = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$")]
GenerationKey = Annotated[str, StringConstraints(pattern=r"^g[1-9]\d{0,3}-[0-9a-f]{8}$")]
InstanceTypeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$")]
Duration = Annotated[str, StringConstraints(pattern=r"^[1-9]\d*(s|m|h)$")]


class Phase(StrEnum):
    """What a generation is for: new work, or nothing but the work it has."""

    ACTIVE = "active"
    DRAINING = "draining"


class OperatingSystem(StrEnum):
    """How a node reads its user data: Amazon Linux 2023 with nodeadm, or Bottlerocket."""

    AL2023 = "al2023"
    BOTTLEROCKET = "bottlerocket"


class Devices(StrEnum):
    """Who hands accelerators to pods: exactly one per pool."""

    NONE = "none"
    DEVICE_PLUGIN = "device-plugin"
    DRA = "dra"


class Taint(Spec):
    """Keeps pods off that don't tolerate it. Effects are spelled as Kubernetes spells them."""

    key: LabelKey
    value: LabelValue = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]


class RootVolume(Spec):
    """The encrypted gp3 volume a node boots from. Limits: EBS gp3 (16 GiB asked for here, 3,000-80,000, 125-2,000).

    Attributes:
        size_gib: Size in GiB. Images of 10-30 GB are common; the default of EKS, 20-75, is too small for them.
        iops: Operations per second.
        throughput: MiB/s.
    """

    size_gib: Annotated[int, Field(ge=16, le=65536)] = 300
    iops: Annotated[int, Field(ge=3000, le=80000)] = 3000
    throughput: Annotated[int, Field(ge=125, le=2000)] = 250


class NodeSpec(Spec):
    """What one node is made of: the content of a generation, never changed under a living key.

    Attributes:
        format: How Herd turns the rest into a launch template and user data. A later Herd may add a format; it never
            changes what an old one means, because that would be changed content under a living key.
        instance_types: One type, or several that are alike for the work; exactly one with EFA or a reservation.
        image: Logical name of the image in the generation's release.
        os: How the image reads its user data.
        efa: Whether its network cards get EFA interfaces, as the catalogue has them.
        local_disks: `raid0` makes one fast file system of the NVMe disks for pods, images and logs.
        devices: Who hands out its accelerators.
        fast_image_pull: Pull image layers in parallel (SOCI; AL2023 only).
        max_pods: Pods a node may hold; None for what the network gives the type.
        labels: Labels of its nodes, besides Herd's own.
        taints: Taints of its nodes, besides the accelerator's own.
    """

    format: Literal[1] = 1
    instance_types: Annotated[tuple[InstanceTypeName, ...], Field(min_length=1)]
    image: str
    os: OperatingSystem = OperatingSystem.AL2023
    efa: bool = False
    local_disks: Literal["raid0", "none"] = "raid0"
    devices: Devices = Devices.NONE
    fast_image_pull: bool = True
    root_volume: RootVolume = RootVolume()
    max_pods: Annotated[int, Field(ge=4, le=737)] | None = None
    labels: dict[LabelKey, LabelValue] = Field(default_factory=dict)
    taints: tuple[Taint, ...] = ()


class _Generation(Spec):
    """One version of a pool's nodes.

    Attributes:
        key: `g`, a number that counts up, and the first 8 hex digits of the hash of its content.
        release: The release lock it takes its image from.
        phase: `draining` takes no new work.
        node: Its content.
    """

    key: GenerationKey
    release: str
    phase: Phase = Phase.ACTIVE
    node: NodeSpec

    @property
    def number(self) -> int:
        """Its place in the order in which generations were made."""
        return int(self.key[1:].partition("-")[0])


class StaticGeneration(_Generation):
    """A generation of node groups of a fixed size: each slice is one, swapped as a whole.

    Attributes:
        slices: The slices that exist, by number; none for a generation that waits for room.
        draining_slices: Those of them that take no new work.
    """

    slices: tuple[Annotated[int, Field(ge=0, le=999)], ...] = ()
    draining_slices: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _slices_are_there(self) -> Self:
        found: list[tuple[FieldPath, str]] = [
            (("slices", at), f"slice {number} is listed twice: list it once")
            for at, number in enumerate(self.slices)
            if number in self.slices[:at]
        ]
        found += [
            (("drainingSlices", at), f"slice {number} is not among this generation's slices")
            for at, number in enumerate(self.draining_slices)
            if number not in self.slices
        ]
        if found:
            raise FieldProblemsError(found)
        return self


class ElasticGeneration(_Generation):
    """A generation that Karpenter makes nodes of as pods need them.

    Attributes:
        max_nodes: The most nodes at one time; 0 for a generation that waits for room.
    """

    max_nodes: Annotated[int, Field(ge=0, le=5000)]


class Repair(Spec):
    """How EKS replaces nodes that fail, with caps so that a false alarm can't take the pool.

    Attributes:
        enabled: Whether it does.
        max_parallel: Nodes replaced at one time.
        max_unhealthy_percent: Above this share of a slice's nodes nothing is replaced: then the alarm is the problem.
            One node always is, however large a share of a small slice.
    """

    enabled: bool = True
    max_parallel: Annotated[int, Field(ge=1, le=100)] = 1
    max_unhealthy_percent: Annotated[int, Field(ge=1, le=100)] = 20


class Disruption(Spec):
    """When Karpenter may take nodes away. Reserved nodes are never consolidated or expired: they are paid for anyway.

    Attributes:
        consolidate_after: How long a node is empty before it goes; `never` keeps it.
        while_running: Whether nodes with pods may be emptied to save money; long jobs want false.
        expire_after: The longest life of a node, so that none becomes a pet; `never` for long jobs.
        max_nodes_percent: Share of the nodes that may go at one time. Nodes that expire ask for no share.
    """

    consolidate_after: Duration | Literal["never"] = "10m"
    while_running: bool = False
    expire_after: Duration | Literal["never"] = "336h"
    max_nodes_percent: Annotated[int, Field(ge=0, le=100)] = 10


class StaticPool(Spec):
    """Node groups of a fixed size: reservations, capacity blocks, EFA, and nodes that must always be there.

    Attributes:
        capacity: How it is paid for. With `zones` and `placement` it is what makes the pool this pool: a pool that is
            paid for in another way or lives elsewhere is another pool.
        zones: Where; one with EFA, a placement group or a reservation.
        placement: `cluster` puts the nodes of a slice close together; never with a capacity block.
        nodes_per_slice: Nodes of one node group.
        max_nodes: The most nodes of all generations together: what quotas and subnets must hold.
        repair: How failing nodes are replaced.
        generations: What there is, oldest first.
    """

    kind: Literal["static"]
    capacity: Capacity
    zones: Annotated[tuple[str, ...], Field(min_length=1)]
    placement: Literal["cluster", "none"] = "none"
    nodes_per_slice: Annotated[int, Field(ge=1, le=450)]
    max_nodes: Annotated[int, Field(ge=1, le=5000)]
    repair: Repair = Repair()
    generations: tuple[StaticGeneration, ...] = ()


class ElasticPool(Spec):
    """Nodes that Karpenter makes and takes away as pods need them, from zero.

    Attributes:
        capacity: How it is paid for.
        zones: Where; one with EFA or a reservation.
        max_nodes: The most nodes of all generations together: what quotas and subnets must hold.
        disruption: When nodes may be taken away.
        weight: Pools with a higher weight are tried first; 1-100.
        generations: What there is, oldest first.
    """

    kind: Literal["elastic"]
    capacity: Capacity
    zones: Annotated[tuple[str, ...], Field(min_length=1)]
    max_nodes: Annotated[int, Field(ge=1, le=5000)]
    disruption: Disruption = Disruption()
    weight: Annotated[int, Field(ge=1, le=100)] = 50
    generations: tuple[ElasticGeneration, ...] = ()


Pool = Annotated[StaticPool | ElasticPool, Field(discriminator="kind")]
Pools = dict[Name, Pool]
"""A cluster's pools by name."""
