"""Walks through ParallelCluster configurations: files, and CloudFormation stacks around the custom resource.

Keys are those of ParallelCluster 3 (docs.aws.amazon.com/parallelcluster/latest/ug, cluster configuration file).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Subject
from policies.engine.types import PARALLELCLUSTER
from policies.rules._shared.cloudformation import CLOUDFORMATION, template

TYPES: Final = (PARALLELCLUSTER, CLOUDFORMATION)
"""Every type that can hold a configuration; what `clusters` finds nothing in is no cluster."""
CUSTOM_RESOURCE: Final = "Custom::PclusterCluster"


class Kind(StrEnum):
    """What machines of a cluster are for."""

    HEAD = "head node"
    LOGIN = "login pool"
    QUEUE = "queue"


@dataclass(frozen=True)
class Machines:
    """A part of a cluster with machines and settings of its own: the head node, a login pool, a queue.

    Attributes:
        kind: What it is.
        node: Its block: `HeadNode`, an element of `LoginNodes.Pools` or of `Scheduling.SlurmQueues`.
    """

    kind: Kind
    node: Node

    def __str__(self) -> str:
        name = self.node.text("Name")
        return f"{self.kind} {name}" if name else f"the {self.kind}"


@dataclass(frozen=True)
class Compute:
    """A compute resource within its queue.

    Attributes:
        queue: An element of `SlurmQueues`.
        node: An element of its `ComputeResources`.
    """

    queue: Node
    node: Node

    @property
    def instance_types(self) -> tuple[str, ...]:
        """`InstanceType`, or those of `Instances` (since 3.3)."""
        one = self.node.text("InstanceType")
        several = (item.text("InstanceType") for item in self.node.each("Instances"))
        return tuple(name for name in (one, *several) if name)

    @property
    def capacity_type(self) -> str:
        """`ONDEMAND` where the queue doesn't say."""
        return (self.queue.literal("CapacityType") or "ONDEMAND").upper()

    @property
    def reservation(self) -> Node:
        """`CapacityReservationTarget`: its own, or else the queue's."""
        return self._own("CapacityReservationTarget")

    @property
    def placement_group(self) -> Node:
        """`Networking.PlacementGroup`: its own, or else the queue's."""
        return self._own("Networking", "PlacementGroup")

    def _own(self, *keys: str) -> Node:
        own = self.node.at(*keys)
        return own if own.present else self.queue.at(*keys)


def clusters(resource: Subject) -> Iterator[Node]:
    """The configurations that a resource holds: itself, or what a CloudFormation template gives the custom resource.

    None for types outside `TYPES`.

    Raises:
        UnevaluatedError: A template is hidden, unreadable or kept at a URL, and may hold a cluster.
    """
    if resource.type == PARALLELCLUSTER:
        yield resource.props
    if resource.type != CLOUDFORMATION:
        return
    for found in template(resource).entries("Resources").values():
        if found.text("Type") == CUSTOM_RESOURCE and found.has("Properties", "ClusterConfiguration"):
            yield found.at("Properties", "ClusterConfiguration")


def machines(cluster: Node) -> Iterator[Machines]:
    """The head node, every login pool and every queue."""
    if cluster.has("HeadNode"):
        yield Machines(Kind.HEAD, cluster.at("HeadNode"))
    yield from (Machines(Kind.LOGIN, pool) for pool in login_pools(cluster))
    yield from (Machines(Kind.QUEUE, queue) for queue in queues(cluster))


def login_pools(cluster: Node) -> Iterator[Node]:
    """The elements of `LoginNodes.Pools`."""
    yield from cluster.each("LoginNodes", "Pools")


def queues(cluster: Node) -> Iterator[Node]:
    """The elements of `SlurmQueues`; those of `AwsBatchQueues`, which 3.x had until AWS Batch left it, too."""
    yield from cluster.each("Scheduling", "SlurmQueues")
    yield from cluster.each("Scheduling", "AwsBatchQueues")


def compute_resources(cluster: Node) -> Iterator[Compute]:
    """Every compute resource of every queue."""
    for queue in queues(cluster):
        yield from (Compute(queue, found) for found in queue.each("ComputeResources"))


def slurm_settings(cluster: Node) -> Node:
    """`Scheduling.SlurmSettings`, which may be absent."""
    return cluster.at("Scheduling", "SlurmSettings")


def is_slurm(cluster: Node) -> bool:
    """Whether Slurm schedules, not AWS Batch."""
    return (cluster.literal("Scheduling", "Scheduler") or "slurm").lower() == "slurm"
