"""Every field of the spec changes an input of some resource, or what consumers are told; none is decoration."""

from __future__ import annotations

import json
import types
import typing
from typing import Any

import pytest

from components.base.spec import Spec
from components.storage.spec import StorageSpec

OPENZFS = {
    "homes": {
        "kind": "openzfs",
        "availabilityZones": ["eu-west-1b"],
        "storageCapacity": 1024,
        "backup": {"kind": "none"},
    },
}
BACKED_UP = {"lustre.scratch.repositories": {}, "lustre.scratch.backup": {"kind": "automatic"}}
LOCK = {"mode": "compliance", "minRetentionDays": 7, "maxRetentionDays": 365, "changeableForDays": 5}
EFS = {"kind": "existing-efs", "id": "fs-0123456789abcdef0", "accessPoints": {"people": "fsap-0123456789abcdef0"}}
ZFS = {"kind": "existing-openzfs", "id": "fs-0123456789abcdef0"}
OLD = {"kind": "existing", "id": "fs-0123456789abcdef0", "availabilityZone": "eu-west-1a"}
READS = {f"fs-{digit}123456789abcdef0": {"dnsName": f"{digit}.fsx", "mountName": "abcd"} for digit in "01"}
DATASETS = "lustre.scratch.repositories.datasets"
TRANSITIONS = "buckets.datasets.lifecycle.transitions"

# Field -> (the storage it is changed in, the change). `Union` members are reached through their `kind` or `mode`.
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "StorageSpec.keys": ({}, {"keys": {}}),
    "StorageSpec.buckets": ({}, {"buckets.more": {}}),
    "StorageSpec.lustre": ({}, {"lustre": {}}),
    "StorageSpec.homes": ({}, {"homes": ...}),
    "StorageSpec.backup": ({}, {"backup.retentionDays": 36}),
    "KeysSpec.rotation_days": ({}, {"keys.rotationDays": 90}),
    "KeysSpec.volume_roles": ({}, {"keys.volumeRoles": ["autoscaling", "spot"]}),
    "KeysSpec.image_accounts": ({}, {"keys.imageAccounts": []}),
    "KeysSpec.image_keys": ({}, {"keys.imageKeys": {}}),
    "BucketSpec.lifecycle": ({}, {"buckets.checkpoints.lifecycle": {"expirationDays": 90}}),
    "BucketSpec.backup": ({}, {"buckets.checkpoints.backup": {"kind": "versions"}}),
    "Lifecycle.abort_incomplete_multipart_upload_days": (
        {},
        {"buckets.datasets.lifecycle.abortIncompleteMultipartUploadDays": 1},
    ),
    "Lifecycle.noncurrent_version_expiration_days": (
        {},
        {"buckets.datasets.lifecycle.noncurrentVersionExpirationDays": 1},
    ),
    "Lifecycle.newer_noncurrent_versions": ({}, {"buckets.datasets.lifecycle.newerNoncurrentVersions": 1}),
    "Lifecycle.transitions": ({}, {TRANSITIONS: []}),
    "Lifecycle.expiration_days": ({}, {"buckets.checkpoints.lifecycle.expirationDays": 9}),
    "Transition.days": ({}, {TRANSITIONS: [{"days": 31, "storageClass": "INTELLIGENT_TIERING"}]}),
    "Transition.storage_class": ({}, {TRANSITIONS: [{"days": 30, "storageClass": "STANDARD_IA"}]}),
    "ManagedLustre.availability_zone": ({}, {"lustre.scratch.availabilityZone": "eu-west-1b"}),
    "ManagedLustre.storage_capacity": ({}, {"lustre.scratch.storageCapacity": 9600}),
    "ManagedLustre.per_unit_storage_throughput": (
        {"lustre.scratch.storageCapacity": 38400},
        {"lustre.scratch.perUnitStorageThroughput": 125},
    ),
    "ManagedLustre.metadata": ({}, {"lustre.scratch.metadata": {"mode": "USER_PROVISIONED", "iops": 6000}}),
    "ManagedLustre.efa_enabled": ({}, {"lustre.scratch.efaEnabled": False}),
    "ManagedLustre.data_compression_type": ({}, {"lustre.scratch.dataCompressionType": "NONE"}),
    "ManagedLustre.weekly_maintenance_start_time": ({}, {"lustre.scratch.weeklyMaintenanceStartTime": "1:01:01"}),
    "ManagedLustre.log_level": ({}, {"lustre.scratch.logLevel": "ERROR_ONLY"}),
    "ManagedLustre.log_retention_days": ({}, {"lustre.scratch.logRetentionDays": 1}),
    "ManagedLustre.root_squash": ({}, {"lustre.scratch.rootSquash": {}}),
    "ManagedLustre.repositories": ({}, {f"{DATASETS}2": {"bucket": "checkpoints", "fileSystemPath": "/checkpoints"}}),
    "ManagedLustre.backup": (
        BACKED_UP,
        {"lustre.scratch.backup": {"kind": "none"}},
    ),
    "ProvisionedMetadata.iops": (
        {"lustre.scratch.metadata": {"mode": "USER_PROVISIONED", "iops": 6000}},
        {"lustre.scratch.metadata.iops": 12000},
    ),
    "RootSquash.uid": ({"lustre.scratch.rootSquash": {}}, {"lustre.scratch.rootSquash.uid": 1}),
    "RootSquash.gid": ({"lustre.scratch.rootSquash": {}}, {"lustre.scratch.rootSquash.gid": 1}),
    "RootSquash.no_squash_nids": (
        {"lustre.scratch.rootSquash": {}},
        {"lustre.scratch.rootSquash.noSquashNids": ["10.0.1.6@tcp"]},
    ),
    "Repository.bucket": ({}, {f"{DATASETS}.bucket": "checkpoints"}),
    "Repository.prefix": ({}, {f"{DATASETS}.prefix": "imagenet/"}),
    "Repository.file_system_path": ({}, {f"{DATASETS}.fileSystemPath": "/other"}),
    "Repository.auto_import": ({}, {f"{DATASETS}.autoImport": ["NEW"]}),
    "Repository.auto_export": ({}, {f"{DATASETS}.autoExport": ["NEW", "CHANGED"]}),
    "Repository.batch_import_metadata_on_create": ({}, {f"{DATASETS}.batchImportMetadataOnCreate": False}),
    "Repository.imported_file_chunk_size": ({}, {f"{DATASETS}.importedFileChunkSize": 512}),
    "ExistingLustre.id": ({"lustre.old": OLD}, {"lustre.old.id": "fs-1123456789abcdef0"}),
    "ExistingLustre.availability_zone": ({"lustre.old": OLD}, {"lustre.old.availabilityZone": "eu-west-1b"}),
    "ExistingLustre.efa_enabled": ({"lustre.old": OLD}, {"lustre.old.efaEnabled": True}),
    "AutomaticBackup.retention_days": (BACKED_UP, {"lustre.scratch.backup.retentionDays": 1}),
    "AutomaticBackup.daily_start_time": (BACKED_UP, {"lustre.scratch.backup.dailyStartTime": "01:00"}),
    "OpenZfsHomes.deployment_type": (OPENZFS, {"homes.deploymentType": "SINGLE_AZ_2"}),
    "OpenZfsHomes.availability_zones": (OPENZFS, {"homes.availabilityZones": ["eu-west-1c"]}),
    "OpenZfsHomes.storage_capacity": (OPENZFS, {"homes.storageCapacity": 2048}),
    "OpenZfsHomes.throughput_capacity": (OPENZFS, {"homes.throughputCapacity": 640}),
    "OpenZfsHomes.disk_iops": (OPENZFS, {"homes.diskIops": 4000}),
    "OpenZfsHomes.data_compression_type": (OPENZFS, {"homes.dataCompressionType": "ZSTD"}),
    "OpenZfsHomes.record_size": (OPENZFS, {"homes.recordSize": 64}),
    "OpenZfsHomes.clients": (OPENZFS, {"homes.clients": ["10.0.0.0/8"]}),
    "OpenZfsHomes.root_squash": (OPENZFS, {"homes.rootSquash": False}),
    "OpenZfsHomes.weekly_maintenance_start_time": (OPENZFS, {"homes.weeklyMaintenanceStartTime": "1:01:01"}),
    "OpenZfsHomes.backup": (OPENZFS, {"homes.backup": {"kind": "automatic"}}),
    "EfsHomes.throughput": ({}, {"homes.throughput": {"mode": "bursting"}}),
    "EfsHomes.transition_to_ia": ({}, {"homes.transitionToIa": 7}),
    "EfsHomes.transition_to_archive": ({}, {"homes.transitionToArchive": 90}),
    "EfsHomes.return_on_access": ({}, {"homes.returnOnAccess": False}),
    "EfsHomes.access_points": ({}, {"homes.accessPoints": {}}),
    "EfsHomes.root_access": ({}, {"homes.rootAccess": True}),
    "EfsHomes.backup": ({}, {"homes.backup": {"kind": "automatic"}}),
    "ProvisionedThroughput.mibps": (
        {"homes.throughput": {"mode": "provisioned", "mibps": 100}},
        {"homes.throughput.mibps": 200},
    ),
    "AccessPoint.path": ({}, {"homes.accessPoints.people.path": "/people"}),
    "AccessPoint.owner_uid": ({}, {"homes.accessPoints.people.ownerUid": 5}),
    "AccessPoint.owner_gid": ({}, {"homes.accessPoints.people.ownerGid": 5}),
    "AccessPoint.permissions": ({}, {"homes.accessPoints.people.permissions": "0700"}),
    "AccessPoint.user": ({}, {"homes.accessPoints.people.user": {"uid": 5, "gid": 5}}),
    "PosixUser.uid": ({}, {"homes.accessPoints.builds.user.uid": 5}),
    "PosixUser.gid": ({}, {"homes.accessPoints.builds.user.gid": 5}),
    "PosixUser.secondary_gids": ({}, {"homes.accessPoints.builds.user.secondaryGids": [5]}),
    "ExistingEfs.id": ({"homes": EFS}, {"homes.id": "fs-1123456789abcdef0"}),
    "ExistingEfs.access_points": ({"homes": EFS}, {"homes.accessPoints": {}}),
    "ExistingOpenZfs.id": ({"homes": ZFS}, {"homes.id": "fs-1123456789abcdef0"}),
    "BackupSpec.schedule": ({}, {"backup.schedule": "cron(0 4 * * ? *)"}),
    "BackupSpec.start_window_minutes": ({}, {"backup.startWindowMinutes": 90}),
    "BackupSpec.completion_window_minutes": ({}, {"backup.completionWindowMinutes": 600}),
    "BackupSpec.retention_days": ({}, {"backup.retentionDays": 40}),
    "BackupSpec.cold_storage_after_days": ({"backup.retentionDays": 200}, {"backup.coldStorageAfterDays": 30}),
    "BackupSpec.lock": ({}, {"backup.lock": ...}),
    "GovernanceLock.min_retention_days": ({}, {"backup.lock.minRetentionDays": 8}),
    "GovernanceLock.max_retention_days": ({}, {"backup.lock.maxRetentionDays": 366}),
    "ComplianceLock.min_retention_days": ({"backup.lock": LOCK}, {"backup.lock.minRetentionDays": 8}),
    "ComplianceLock.max_retention_days": ({"backup.lock": LOCK}, {"backup.lock.maxRetentionDays": 366}),
    "ComplianceLock.changeable_for_days": ({"backup.lock": LOCK}, {"backup.lock.changeableForDays": 6}),
}

# What else is left out while a section is looked at, to be quick.
LEAN: dict[str, dict[str, Any]] = {
    "keys": dict.fromkeys(("buckets", "lustre", "homes", "backup"), ...),
    "buckets": dict.fromkeys(("keys", "lustre", "homes"), ...),
    "lustre": {**dict.fromkeys(("keys", "homes", "backup"), ...), "buckets.checkpoints": {}},
    "homes": {**dict.fromkeys(("keys", "buckets", "lustre", "backup"), ...), "homes.backup": {"kind": "none"}},
    "backup": dict.fromkeys(("keys", "buckets", "lustre"), ...),
}


def specs_in(annotation: Any) -> set[type[Spec]]:
    """Every spec that may stand where an annotation is."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return {annotation} if issubclass(annotation, Spec) else set()
    return {found for argument in typing.get_args(annotation) for found in specs_in(argument)}


def fields() -> set[str]:
    """Every field below the storage spec, except those that only tell the members of a union apart."""
    todo, seen, found = [StorageSpec], set(), set()
    while todo:
        spec = todo.pop()
        if spec in seen:
            continue
        seen.add(spec)
        for name, field in spec.model_fields.items():
            todo += specs_in(field.annotation)
            tells_apart = (
                typing.get_origin(field.annotation) is typing.Literal and len(typing.get_args(field.annotation)) == 1
            )
            if not tells_apart:
                found.add(f"{spec.__name__}.{name}")
    return found


def test_the_table_has_every_field_and_no_other():
    assert set(CHANGES) == fields()


def seen(recording):
    """Everything that a cloud or a consumer would notice."""
    told = recording.outputs[recording.one("herd:storage:Storage").urn]
    made = sorted([r.type, r.name, r.read_id, r.inputs] for r in recording if r.custom)
    return json.dumps([made, told], sort_keys=True)


def test_the_comparison_sees_no_difference_where_there_is_none(register, storage_data):
    first, again = register(storage_data()), register(storage_data(), reads=READS)
    assert first is not again
    assert seen(first) == seen(again)


@pytest.mark.parametrize("field", sorted(CHANGES))
def test_a_field_changes_what_is_registered_or_what_consumers_are_told(register, storage_data, field):
    base, change = CHANGES[field]
    sections = {path.split(".")[0] for path in change}
    lean = {} if field.startswith("StorageSpec") else LEAN[min(sections)]
    # A lock for ever is for prod alone.
    environment = "prod" if field.startswith("ComplianceLock") else "dev"

    def registered(*changes):
        return seen(register(storage_data(lean, *changes), environment, reads=READS))

    assert registered(base) != registered(base, change)
