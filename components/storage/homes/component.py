"""Home directories on OpenZFS or EFS, made here or read by id."""

from __future__ import annotations

from typing import ClassVar

import pulumi
from pulumi_aws import efs, fsx

from components.base.component import HerdComponent
from components.base.context import StackContext
from components.storage.homes import derive
from components.storage.homes.spec import EfsHomes, ExistingEfs, ExistingOpenZfs, OpenZfsHomes
from components.storage.mounts import StorageNetwork, efs_mount, openzfs_mount


class OpenZfsFileSystem(HerdComponent):
    """Home directories on an OpenZFS file system that the stack owns.

    Attributes:
        mount: What consumers take.
    """

    token: ClassVar[str] = "herd:storage:OpenZfsFileSystem"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: OpenZfsHomes,
        context: StackContext,
        *,
        network: StorageNetwork,
        key_arn: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the file system in its zones' subnets."""
        super().__init__(name, spec, context, inputs={"keyArn": key_arn}, opts=opts)
        subnets = [network.subnet_ids[zone] for zone in spec.availability_zones]
        multi_zone = derive.is_multi_zone(spec)
        system = fsx.OpenZfsFileSystem(
            name,
            **derive.openzfs(name, spec, context),
            subnet_ids=subnets,
            preferred_subnet_id=subnets[0] if multi_zone else None,
            route_table_ids=network.route_table_ids if multi_zone else None,
            endpoint_ip_address_range=network.floating_cidr if multi_zone else None,
            security_group_ids=[network.security_group_ids["nfs"]],
            kms_key_id=key_arn,
            opts=self.state(),
        )
        self.mount = openzfs_mount(system.id, system.dns_name, spec.availability_zones)
        self.register_outputs(self.mount.wire())


class EfsFileSystem(HerdComponent):
    """Home directories on an EFS file system that the stack owns.

    Attributes:
        mount: What consumers take; ready once there is a mount target in every zone.
    """

    token: ClassVar[str] = "herd:storage:EfsFileSystem"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: EfsHomes,
        context: StackContext,
        *,
        network: StorageNetwork,
        key_arn: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the file system, its access points, its policy and a mount target in every zone."""
        super().__init__(name, spec, context, inputs={"keyArn": key_arn}, opts=opts)
        system = efs.FileSystem(name, **derive.efs(name, spec, context), kms_key_id=key_arn, opts=self.state())
        points = {
            key: efs.AccessPoint(
                f"{name}-{key}",
                **derive.access_point(f"{name}-{key}", point, context),
                file_system_id=system.id,
                opts=self.state(),
            )
            for key, point in spec.access_points.items()
        }
        policy = efs.FileSystemPolicy(
            name,
            file_system_id=system.id,
            policy=pulumi.Output.json_dumps(
                derive.file_system_policy(spec, context, system.arn, [point.arn for point in points.values()])
            ),
            opts=self.state(),
        )
        efs.BackupPolicy(
            name, file_system_id=system.id, backup_policy={"status": derive.backup_status(spec)}, opts=self.state()
        )
        targets = [
            efs.MountTarget(
                f"{name}-{zone}",
                file_system_id=system.id,
                subnet_id=network.subnet_ids[zone],
                security_groups=[network.security_group_ids["nfs"]],
                # Until the policy is there, anyone who reaches a mount target may mount.
                opts=self.child(depends_on=[policy], delete_before_replace=True),
            )
            for zone in context.availability_zones
        ]
        # EFS names resolve to the mount target in the client's zone: no name before there is one in each.
        dns_name = pulumi.Output.all(system.dns_name, *(target.id for target in targets)).apply(lambda known: known[0])
        self.mount = efs_mount(system.id, dns_name, {key: point.id for key, point in points.items()})
        self.register_outputs(self.mount.wire())


class BorrowedHomes(HerdComponent):
    """Home directories on a file system that someone else owns: read, never owned.

    Attributes:
        mount: What consumers take.
    """

    token: ClassVar[str] = "herd:storage:BorrowedHomes"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: ExistingOpenZfs | ExistingEfs,
        context: StackContext,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Read the file system by its id."""
        super().__init__(name, spec, context, opts=opts)
        if isinstance(spec, ExistingEfs):
            system = efs.FileSystem.get(name, spec.id, opts=self.child())
            points = {key: pulumi.Output.from_input(point) for key, point in spec.access_points.items()}
            self.mount = efs_mount(system.id, system.dns_name, points)
        else:
            zfs = fsx.OpenZfsFileSystem.get(name, spec.id, opts=self.child())
            self.mount = openzfs_mount(zfs.id, zfs.dns_name)
        self.register_outputs(self.mount.wire())
