"""What consumers take from storage: ids, names and how to mount. Nothing else leaves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import pulumi

# Sources: FSx for Lustre, "Mounting from an EC2 instance"; systemd options as HyperPod mounts it: without them a node
# that boots before its network is up waits for the mount for ever.
LUSTRE_OPTIONS: Final = (
    "noatime",
    "flock",
    "lazystatfs",
    "_netdev",
    "x-systemd.automount",
    "x-systemd.requires=network-online.target",
)
# Source: FSx for OpenZFS, "Mounting volumes" and "Tips for maximizing performance".
OPENZFS_OPTIONS: Final = ("noatime", "nfsvers=3", "sync", "nconnect=16", "rsize=1048576", "wsize=1048576", "_netdev")
# Source: amazon-efs-utils: `iam` needs `tls`, and the file-system policy refuses mounts without both.
EFS_OPTIONS: Final = ("_netdev", "noresvport", "tls", "iam")

NFS_PORTS: Final = (111, 2049, 20001, 20002, 20003)
LUSTRE_PORTS: Final = (988, *range(1018, 1024))


@dataclass(frozen=True)
class StorageNetwork:
    """What storage needs to know of the network.

    Attributes:
        subnet_ids: The subnet for file systems in each availability zone.
        security_group_ids: The groups by concern: `lustre`, `nfs`, and `efa` if a Lustre file system takes EFA traffic.
        route_table_ids: Route tables of the clients' subnets; used by MULTI_AZ_1 alone, which moves its address.
        floating_cidr: Where MULTI_AZ_1 takes that address from; None leaves it to FSx.
    """

    subnet_ids: Mapping[str, pulumi.Input[str]]
    security_group_ids: Mapping[str, pulumi.Input[str]]
    route_table_ids: Sequence[pulumi.Input[str]] = ()
    floating_cidr: str | None = None


@dataclass(frozen=True)
class Mount:
    """How to mount a file system.

    Attributes:
        type: As for `mount -t`.
        file_system_id: Its id.
        dns_name: Its name, resolvable in the VPC.
        source: What is mounted: the first argument of `mount`.
        options: Mount options, in order.
        concerns: The network's concerns that guard it; who is let in stands in the network's table.
        availability_zones: Where it is; empty means everywhere in the stack.
        ports: TCP ports that clients reach.
        efa: Whether its servers take EFA traffic.
        access_point_ids: EFS access points by logical name; one goes with the options as `accesspoint=ID`.
        mount_name: Lustre's name of the file system; empty for others.
    """

    type: Literal["lustre", "nfs", "efs"]
    file_system_id: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    source: pulumi.Output[str]
    options: tuple[str, ...]
    concerns: tuple[str, ...]
    ports: tuple[int, ...]
    availability_zones: tuple[str, ...] = ()
    efa: bool = False
    access_point_ids: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    mount_name: pulumi.Output[str] | None = None

    def wire(self) -> dict[str, Any]:
        """The same as camelCase data, for a component's outputs."""
        return {
            "type": self.type,
            "fileSystemId": self.file_system_id,
            "dnsName": self.dns_name,
            "source": self.source,
            "options": ",".join(self.options),
            "concerns": list(self.concerns),
            "availabilityZones": list(self.availability_zones),
            "efa": self.efa,
            "accessPointIds": dict(self.access_point_ids),
            "mountName": self.mount_name,
        }


@dataclass(frozen=True)
class BucketFacts:
    """How to reach a bucket: its name and ARN, and the key that whoever reads or writes it needs."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    key_arn: pulumi.Output[str]

    def wire(self) -> dict[str, Any]:
        """The same as camelCase data, for a component's outputs."""
        return {"name": self.name, "arn": self.arn, "keyArn": self.key_arn}


def lustre_mount(
    file_system_id: pulumi.Output[str],
    dns_name: pulumi.Output[str],
    mount_name: pulumi.Output[str],
    *,
    availability_zone: str,
    efa: bool,
) -> Mount:
    """How to mount a Lustre file system."""
    return Mount(
        "lustre",
        file_system_id,
        dns_name,
        pulumi.Output.concat(dns_name, "@tcp:/", mount_name),
        LUSTRE_OPTIONS,
        ("lustre", "efa") if efa else ("lustre",),
        LUSTRE_PORTS,
        (availability_zone,),
        efa=efa,
        mount_name=mount_name,
    )


def openzfs_mount(
    file_system_id: pulumi.Output[str], dns_name: pulumi.Output[str], availability_zones: tuple[str, ...] = ()
) -> Mount:
    """How to mount an OpenZFS file system: its root volume is always exported as /fsx."""
    return Mount(
        "nfs",
        file_system_id,
        dns_name,
        pulumi.Output.concat(dns_name, ":/fsx"),
        OPENZFS_OPTIONS,
        ("nfs",),
        NFS_PORTS,
        availability_zones,
    )


def efs_mount(
    file_system_id: pulumi.Output[str],
    dns_name: pulumi.Output[str],
    access_point_ids: Mapping[str, pulumi.Output[str]],
) -> Mount:
    """How to mount an EFS file system, with the mount helper of amazon-efs-utils."""
    return Mount(
        "efs",
        file_system_id,
        dns_name,
        pulumi.Output.concat(file_system_id, ":/"),
        EFS_OPTIONS,
        ("nfs",),
        (2049,),
        access_point_ids=access_point_ids,
    )
