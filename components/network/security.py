"""Security groups: one for each concern, and the whole of what may talk to what as one table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network


class Concern(StrEnum):
    """What a security group is for."""

    NODES = "nodes"
    EFA = "efa"
    CONTROL_PLANE = "control-plane"
    ENDPOINTS = "endpoints"
    LUSTRE = "lustre"
    NFS = "nfs"


class Direction(StrEnum):
    """Which way a rule lets traffic go, seen from its group."""

    IN = "in"
    OUT = "out"


class Place(StrEnum):
    """Ranges that rules name."""

    VPC = "vpc"
    PODS = "pods"
    WORLD = "world"


DESCRIPTIONS = {
    Concern.NODES: "Nodes of every kind, and pods",
    Concern.EFA: "EFA interfaces: everything among themselves",
    Concern.CONTROL_PLANE: "Kubernetes control plane interfaces",
    Concern.ENDPOINTS: "VPC interface endpoints",
    Concern.LUSTRE: "FSx for Lustre file systems",
    Concern.NFS: "EFS and FSx for OpenZFS file systems",
}
"""Part of a group's identity: changing one replaces the group."""


@dataclass(frozen=True)
class Ports:
    """A protocol with the ports it is about; `-1` is every protocol and has none."""

    protocol: str
    first: int | None = None
    last: int | None = None

    def __str__(self) -> str:
        if self.first is None:
            return "all"
        return f"{self.protocol}-{self.first}" + ("" if self.first == self.last else f"-{self.last}")


def tcp(first: int, last: int | None = None) -> Ports:
    """TCP ports."""
    return Ports("tcp", first, last or first)


def udp(first: int, last: int | None = None) -> Ports:
    """UDP ports."""
    return Ports("udp", first, last or first)


EVERYTHING = Ports("-1")
HTTPS = tcp(443)
# Source: FSx for Lustre User Guide, "File system access control with Amazon VPC".
LUSTRE = (tcp(988), tcp(1018, 1023))
# 2049 is all that EFS needs; the others are rpcbind, mount, status and locks of FSx for OpenZFS.
# Source: FSx for OpenZFS User Guide, "File system access control with Amazon VPC".
NFS = (tcp(2049), udp(2049), tcp(111), udp(111), tcp(20001, 20003), udp(20001, 20003))


@dataclass(frozen=True)
class Allowed:
    """One row of the table: traffic between two groups, or between a group and a range.

    Attributes:
        source: Who opens the connection.
        target: Who is reached.
        ports: On which ports.
        why: The reason, which AWS shows with each rule.
    """

    source: Concern | Place
    target: Concern | Place
    ports: tuple[Ports, ...]
    why: str


TABLE = (
    # EFA's traffic isn't TCP: only a rule for every protocol, both ways, lets it through. Source: EC2 User Guide, EFA.
    Allowed(Concern.EFA, Concern.EFA, (EVERYTHING,), "EFA among nodes and EFA file systems"),
    Allowed(Concern.NODES, Concern.NODES, (EVERYTHING,), "Pods and jobs across nodes"),
    Allowed(Concern.NODES, Place.WORLD, (HTTPS,), "HTTPS to AWS and, where there is a NAT, the internet"),
    Allowed(Concern.NODES, Concern.CONTROL_PLANE, (HTTPS,), "Kubernetes API"),
    # Admission webhooks listen on ports of their authors' choosing, the kubelet on 10250.
    Allowed(Concern.CONTROL_PLANE, Concern.NODES, (HTTPS, tcp(1025, 65535)), "Kubelets and webhooks"),
    Allowed(Place.VPC, Concern.ENDPOINTS, (HTTPS,), "AWS services from the VPC"),
    Allowed(Place.PODS, Concern.ENDPOINTS, (HTTPS,), "AWS services from pods"),
    Allowed(Concern.LUSTRE, Concern.LUSTRE, LUSTRE, "Lustre among servers"),
    Allowed(Concern.NODES, Concern.LUSTRE, LUSTRE, "Lustre clients"),
    # Lustre servers open connections to their clients too: without these, locks are not called back and mounts hang.
    Allowed(Concern.LUSTRE, Concern.NODES, LUSTRE, "Lustre servers calling clients back"),
    Allowed(Concern.NODES, Concern.NFS, NFS, "NFS clients"),
    # A file system in two zones answers at a floating address. A rule for its group covers its interfaces' own alone.
    Allowed(Concern.NODES, Place.VPC, NFS, "NFS clients of file systems in two zones"),
)


@dataclass(frozen=True)
class RulePlan:
    """One rule of one group.

    Attributes:
        name: Unique, such as `nodes-out-lustre-tcp-988`.
        group: The group the rule belongs to.
        peer: The group at the other end; None if it is a range.
        cidr: The range at the other end; None if it is a group.
    """

    name: str
    group: Concern
    direction: Direction
    ports: Ports
    peer: Concern | None
    cidr: IPv4Network | None
    description: str


def rules(ranges: dict[Place, IPv4Network]) -> Iterator[RulePlan]:
    """Every rule: for each row of the table one at each end that is a group.

    Args:
        ranges: The networks behind the names of ranges; rows about a range that is not there are left out.
    """
    for row in TABLE:
        if any(isinstance(end, Place) and end not in ranges for end in (row.source, row.target)):
            continue
        for group, direction, other in (
            (row.source, Direction.OUT, row.target),
            (row.target, Direction.IN, row.source),
        ):
            if not isinstance(group, Concern):
                continue
            for ports in row.ports:
                yield RulePlan(
                    name=f"{group}-{direction}-{'self' if other is group else other}-{ports}",
                    group=group,
                    direction=direction,
                    ports=ports,
                    peer=other if isinstance(other, Concern) else None,
                    cidr=ranges[other] if isinstance(other, Place) else None,
                    description=row.why,
                )
