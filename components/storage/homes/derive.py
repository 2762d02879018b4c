"""From the spec of home directories to the arguments of their resources: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.base.arns import account_root
from components.base.context import StackContext
from components.base.tags import name_tag
from components.storage.homes.spec import AccessPoint, EfsHomes, OpenZfsHomes, ProvisionedThroughput
from components.storage.names import AutomaticBackup, backup_tags

Arguments = dict[str, Any]


def openzfs(name: str, spec: OpenZfsHomes, context: StackContext) -> Arguments:
    """An OpenZFS file system, without what other resources give it (subnets, groups, key, route tables)."""
    squash = "root_squash" if spec.root_squash else "no_root_squash"
    arguments: Arguments = {
        "deployment_type": spec.deployment_type,
        "storage_type": "SSD",
        "storage_capacity": spec.storage_capacity,
        "throughput_capacity": spec.throughput_capacity,
        "disk_iops_configuration": (
            {"mode": "AUTOMATIC"} if spec.disk_iops is None else {"mode": "USER_PROVISIONED", "iops": spec.disk_iops}
        ),
        "root_volume_configuration": {
            "data_compression_type": spec.data_compression_type,
            "record_size_kib": spec.record_size,
            "copy_tags_to_snapshots": True,
            "nfs_exports": {
                "client_configurations": [
                    {"clients": clients, "options": ["rw", "crossmnt", "sync", squash]} for clients in spec.clients
                ]
            },
        },
        "weekly_maintenance_start_time": spec.weekly_maintenance_start_time,
        "copy_tags_to_backups": True,
        "copy_tags_to_volumes": True,
        "skip_final_backup": not context.durable,
        # FSx keeps 30 days of its own backups by default, beside those of the plan.
        "automatic_backup_retention_days": 0,
        "tags": {**name_tag(context, name), **backup_tags(spec.backup.kind)},
    }
    if not context.durable:
        # AWS refuses to delete a file system that has snapshots or further volumes, unless told to take them along.
        arguments["delete_options"] = ["DELETE_CHILD_VOLUMES_AND_SNAPSHOTS"]
    if isinstance(spec.backup, AutomaticBackup):
        arguments["automatic_backup_retention_days"] = spec.backup.retention_days
        arguments["daily_automatic_backup_start_time"] = spec.backup.daily_start_time
    return arguments


def is_multi_zone(spec: OpenZfsHomes) -> bool:
    """Whether its address moves between zones, by rules in the clients' route tables."""
    return len(spec.availability_zones) > 1


def efs(name: str, spec: EfsHomes, context: StackContext) -> Arguments:
    """An EFS file system, without its key."""
    arguments: Arguments = {
        "encrypted": True,
        "performance_mode": "generalPurpose",
        "throughput_mode": spec.throughput.mode,
        "lifecycle_policies": lifecycle_policies(spec),
        "tags": {**name_tag(context, name), **backup_tags(spec.backup.kind)},
    }
    if isinstance(spec.throughput, ProvisionedThroughput):
        arguments["provisioned_throughput_in_mibps"] = spec.throughput.mibps
    return arguments


def lifecycle_policies(spec: EfsHomes) -> list[Arguments]:
    """Moves between storage classes; EFS takes one a policy."""
    moves = {
        "transition_to_ia": _after(spec.transition_to_ia),
        "transition_to_archive": _after(spec.transition_to_archive),
        "transition_to_primary_storage_class": "AFTER_1_ACCESS" if spec.return_on_access else None,
    }
    return [{name: value} for name, value in moves.items() if value]


def access_point(name: str, spec: AccessPoint, context: StackContext) -> Arguments:
    """A way into an EFS file system, without the file system."""
    arguments: Arguments = {
        "root_directory": {
            "path": spec.path,
            "creation_info": {
                "owner_uid": spec.owner_uid,
                "owner_gid": spec.owner_gid,
                "permissions": spec.permissions,
            },
        },
        "tags": name_tag(context, name),
    }
    if spec.user is not None:
        arguments["posix_user"] = {
            "uid": spec.user.uid,
            "gid": spec.user.gid,
            "secondary_gids": list(spec.user.secondary_gids),
        }
    return arguments


def file_system_policy(spec: EfsHomes, context: StackContext, arn: Any, access_point_arns: Sequence[Any]) -> Arguments:
    """Who may mount: roles of this account that IAM lets, with TLS, through a mount target and an access point.

    Without a policy EFS lets in anyone who reaches a mount target.
    """
    mount = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    root = "elasticfilesystem:ClientRootAccess"
    everyone: Arguments = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Resource": arn}
    statements: list[Arguments] = [
        {
            "Sid": "RolesOfThisAccount",
            "Effect": "Allow",
            "Principal": {"AWS": account_root(context.region, context.account)},
            "Action": [*mount, root] if spec.root_access else mount,
            "Resource": arn,
            "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
        },
        {
            "Sid": "TlsOnly",
            **everyone,
            "Action": [*mount, root],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    if access_point_arns:
        # StringNotEquals also holds where the key is missing: a mount without any access point is refused too.
        statements.append(
            {
                "Sid": "AccessPointsOnly",
                **everyone,
                "Action": [*mount, root],
                "Condition": {"StringNotEquals": {"elasticfilesystem:AccessPointArn": list(access_point_arns)}},
            }
        )
    if not spec.root_access:
        statements.append({"Sid": "NoRoot", **everyone, "Action": [root]})
    return {"Version": "2012-10-17", "Statement": statements}


def backup_status(spec: EfsHomes) -> str:
    """Whether EFS backs itself up: never beside the plan, which would pay for the same backup twice."""
    return "ENABLED" if spec.backup.kind == "automatic" else "DISABLED"


def _after(days: int | None) -> str | None:
    if days is None:
        return None
    return "AFTER_1_DAY" if days == 1 else f"AFTER_{days}_DAYS"
