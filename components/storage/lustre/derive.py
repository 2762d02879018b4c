"""From a Lustre file system's spec to the arguments of its resources: pure."""

from __future__ import annotations

from typing import Any, Final

from components.base.context import StackContext
from components.base.tags import name_tag
from components.storage.lustre.spec import ManagedLustre, ProvisionedMetadata, Repository
from components.storage.names import AutomaticBackup, backup_tags

Arguments = dict[str, Any]

# The client of every distribution that FSx supports talks to it; the default without metadata settings is 2.12.
LUSTRE_VERSION: Final = "2.15"


def file_system(name: str, spec: ManagedLustre, context: StackContext) -> Arguments:
    """The file system, without what other resources give it (subnet, groups, key, log group)."""
    metadata = spec.metadata
    arguments: Arguments = {
        "deployment_type": "PERSISTENT_2",
        "storage_type": "SSD",
        "file_system_type_version": LUSTRE_VERSION,
        "storage_capacity": spec.storage_capacity,
        "per_unit_storage_throughput": spec.per_unit_storage_throughput,
        "metadata_configuration": {
            "mode": metadata.mode,
            **({"iops": metadata.iops} if isinstance(metadata, ProvisionedMetadata) else {}),
        },
        "efa_enabled": spec.efa_enabled,
        "data_compression_type": spec.data_compression_type,
        "weekly_maintenance_start_time": spec.weekly_maintenance_start_time,
        # AWS can't back up a file system that is linked to a bucket, the last time included.
        "skip_final_backup": not context.durable or bool(spec.repositories),
        "tags": {**name_tag(context, name), **backup_tags(spec.backup.kind)},
    }
    if isinstance(spec.backup, AutomaticBackup):
        arguments["automatic_backup_retention_days"] = spec.backup.retention_days
        arguments["daily_automatic_backup_start_time"] = spec.backup.daily_start_time
    if not spec.repositories:
        arguments["copy_tags_to_backups"] = True
    if spec.root_squash is not None:
        squash = spec.root_squash
        arguments["root_squash_configuration"] = {
            "root_squash": f"{squash.uid}:{squash.gid}",
            "no_squash_nids": list(squash.no_squash_nids),
        }
    return arguments


def log_group(name: str, spec: ManagedLustre, context: StackContext) -> Arguments:
    """Where events of its links go. FSx writes only to groups whose names begin with /aws/fsx."""
    return {
        "name": f"/aws/fsx/{context.project}-{context.stack}-{name}",
        "retention_in_days": spec.log_retention_days,
    }


def concerns(spec: ManagedLustre) -> tuple[str, ...]:
    """The security groups it needs: with EFA, also one that lets everything through between its members."""
    return ("lustre", "efa") if spec.efa_enabled else ("lustre",)


def repository(spec: Repository) -> Arguments:
    """A link to a bucket, without the file system and the bucket. Removing it leaves the files where they are."""
    policies = {
        "auto_import_policy": spec.auto_import,
        "auto_export_policy": spec.auto_export,
    }
    return {
        "file_system_path": spec.file_system_path,
        "batch_import_meta_data_on_create": spec.batch_import_metadata_on_create,
        "imported_file_chunk_size": spec.imported_file_chunk_size,
        "delete_data_in_filesystem": False,
        "s3": {name: {"events": list(events)} for name, events in policies.items() if events},
    }


def repository_suffix(spec: Repository) -> str:
    """What follows the bucket's name in a link's path."""
    return f"/{spec.prefix}" if spec.prefix else ""
