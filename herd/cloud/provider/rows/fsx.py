"""FSx for Lustre and OpenZFS file systems, and Lustre's links to buckets."""

from __future__ import annotations

from typing import Any

from herd.cloud.provider.row import Call, Change, Find, Read, Row, Tags, Wait
from herd.cloud.provider.rows.common import input_of
from herd.cloud.provider.scope import Scope

TAGS = Tags(owner=("ResourceARN", "$state.arn"))
TOKEN = "ClientRequestToken"  # noqa: S105 - the name of a parameter
READY = Wait("Lifecycle", frozenset({"AVAILABLE", "UPDATING"}))
FIND = Find(Call("describe_file_systems"), "FileSystems[].FileSystemId")
READ = Call("describe_file_systems", {"FileSystemIds": ["$id"]})


def _under(block: str, *names: str) -> dict[str, str]:
    return {name: f"{block}.{name[0].upper()}{name[1:]}" for name in names}


LUSTRE_FIXED = (
    "deploymentType",
    "driveCacheType",
    "exportPath",
    "importPath",
    "importedFileChunkSize",
    "copyTagsToBackups",
    "efaEnabled",
)
LUSTRE_MUTABLE = (
    "perUnitStorageThroughput",
    "autoImportPolicy",
    "automaticBackupRetentionDays",
    "dailyAutomaticBackupStartTime",
    "dataCompressionType",
    "logConfiguration",
    "metadataConfiguration",
    "rootSquashConfiguration",
    "weeklyMaintenanceStartTime",
    "throughputCapacity",
    "dataReadCacheConfiguration",
)


def _change(*inputs: str) -> Change:
    """One call with what changed: FSx refuses a value that is so already."""
    return Change(
        inputs,
        (Call("update_file_system", {"FileSystemId": "$id"}, takes=inputs, only_changed=True),),
    )


def _final_backup(scope: Scope, params: dict[str, Any]) -> None:
    """Scratch file systems take no configuration on delete."""
    if str(scope.given("deploymentType") or "").startswith("SCRATCH"):
        params.pop("LustreConfiguration", None)


LUSTRE = Row(
    type="aws:fsx/lustreFileSystem:LustreFileSystem",
    service="fsx",
    create=Call("create_file_system", {"FileSystemType": "LUSTRE"}, takes=None),
    id="$result.FileSystem.FileSystemId",
    reads=(
        Read(
            READ,
            "FileSystems[0]",
            {
                "arn": "ResourceARN",
                "dnsName": "DNSName",
                "mountName": "LustreConfiguration.MountName",
                "exportPath": "LustreConfiguration.DataRepositoryConfiguration.ExportPath",
                "importPath": "LustreConfiguration.DataRepositoryConfiguration.ImportPath",
                "importedFileChunkSize": "LustreConfiguration.DataRepositoryConfiguration.ImportedFileChunkSize",
                "autoImportPolicy": "LustreConfiguration.DataRepositoryConfiguration.AutoImportPolicy",
            },
        ),
    ),
    updates=(_change(*LUSTRE_MUTABLE, "storageCapacity"),),
    delete=(
        Call(
            "delete_file_system",
            {"FileSystemId": "$id", "LustreConfiguration.SkipFinalBackup": input_of("skipFinalBackup")},
            finish=_final_backup,
        ),
    ),
    names=_under("LustreConfiguration", *LUSTRE_FIXED, *LUSTRE_MUTABLE),
    defaults={"deploymentType": "SCRATCH_1", "storageType": "SSD", "skipFinalBackup": True},
    tags=TAGS,
    never_read=("securityGroupIds", "skipFinalBackup", "finalBackupTags"),
    token=TOKEN,
    find=FIND,
    wait=READY,
    gone=lambda found: found.get("Lifecycle") == "DELETING",
    fixed=("skipFinalBackup", "finalBackupTags"),
)

ZFS_FIXED = ("deploymentType", "preferredSubnetId", "endpointIpAddressRange", "rootVolumeConfiguration")
ZFS_MUTABLE = (
    "throughputCapacity",
    "diskIopsConfiguration",
    "automaticBackupRetentionDays",
    "dailyAutomaticBackupStartTime",
    "copyTagsToBackups",
    "copyTagsToVolumes",
    "routeTableIds",
    "weeklyMaintenanceStartTime",
    "readCacheConfiguration",
)


def _set_root_volume(scope: Scope) -> None:
    given = scope.inputs.get("rootVolumeConfiguration") or {}
    zfs = {
        "DataCompressionType": given.get("dataCompressionType"),
        "ReadOnly": given.get("readOnly"),
        "RecordSizeKiB": given.get("recordSizeKib"),
        "NfsExports": _exports(given.get("nfsExports")),
        "UserAndGroupQuotas": [
            {"Type": q["type"], "Id": q["id"], "StorageCapacityQuotaGiB": q["storageCapacityQuotaGib"]}
            for q in given.get("userAndGroupQuotas") or []
        ],
    }
    kept = {name: value for name, value in zfs.items() if value not in (None, [])}
    scope.run("update_volume", VolumeId=scope.state["rootVolumeId"], OpenZFSConfiguration=kept)


def _exports(exports: Any) -> list[dict[str, Any]] | None:
    if not exports:
        return None
    clients = exports.get("clientConfigurations") or []
    return [{"ClientConfigurations": [{"Clients": c["clients"], "Options": c["options"]} for c in clients]}]


OPENZFS = Row(
    type="aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
    service="fsx",
    create=Call("create_file_system", {"FileSystemType": "OPENZFS"}, takes=None),
    id="$result.FileSystem.FileSystemId",
    reads=(
        Read(
            READ,
            "FileSystems[0]",
            {
                "arn": "ResourceARN",
                "dnsName": "DNSName",
                "rootVolumeId": "OpenZFSConfiguration.RootVolumeId",
                "endpointIpAddress": "OpenZFSConfiguration.EndpointIpAddress",
            },
        ),
        Read(
            Call("describe_volumes", {"VolumeIds": ["$found.OpenZFSConfiguration.RootVolumeId"]}),
            "Volumes[0]",
            {
                "rootVolumeConfiguration": "OpenZFSConfiguration",
                "rootVolumeConfiguration.recordSizeKib": "RecordSizeKiB",
                "rootVolumeConfiguration.userAndGroupQuotas.storageCapacityQuotaGib": "StorageCapacityQuotaGiB",
            },
            optional=True,
        ),
    ),
    updates=(
        _change(*ZFS_MUTABLE, "storageCapacity"),
        Change(("rootVolumeConfiguration",), _set_root_volume),
    ),
    delete=(
        Call(
            "delete_file_system",
            {
                "FileSystemId": "$id",
                "OpenZFSConfiguration.SkipFinalBackup": input_of("skipFinalBackup"),
                "OpenZFSConfiguration.Options": input_of("deleteOptions"),
            },
        ),
    ),
    names=_under("OpenZFSConfiguration", *ZFS_FIXED, *ZFS_MUTABLE)
    | {
        "rootVolumeConfiguration.recordSizeKib": "RecordSizeKiB",
        "rootVolumeConfiguration.userAndGroupQuotas.storageCapacityQuotaGib": "StorageCapacityQuotaGiB",
        "readCacheConfiguration.size": "SizeGiB",
    },
    defaults={"storageType": "SSD", "skipFinalBackup": False},
    tags=TAGS,
    never_read=("securityGroupIds", "skipFinalBackup", "finalBackupTags", "deleteOptions"),
    token=TOKEN,
    find=FIND,
    wait=READY,
    gone=lambda found: found.get("Lifecycle") == "DELETING",
    fixed=("skipFinalBackup", "finalBackupTags", "deleteOptions"),
)

DATA_REPOSITORY = Row(
    type="aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation",
    service="fsx",
    create=Call("create_data_repository_association", takes=None),
    id="$result.Association.AssociationId",
    reads=(
        Read(
            Call("describe_data_repository_associations", {"AssociationIds": ["$id"]}),
            "Associations[0]",
            {"arn": "ResourceARN"},
        ),
    ),
    updates=(
        Change(
            ("importedFileChunkSize", "s3"),
            (
                Call(
                    "update_data_repository_association",
                    {"AssociationId": "$id"},
                    takes=("importedFileChunkSize", "s3"),
                    only_changed=True,
                ),
            ),
        ),
    ),
    delete=(
        Call(
            "delete_data_repository_association",
            {"AssociationId": "$id", "DeleteDataInFileSystem": input_of("deleteDataInFilesystem")},
        ),
    ),
    names={"batchImportMetaDataOnCreate": "BatchImportMetaDataOnCreate"},
    outputs={"associationId": "$id"},
    defaults={"batchImportMetaDataOnCreate": False, "deleteDataInFilesystem": False},
    tags=TAGS,
    never_read=("deleteDataInFilesystem", "batchImportMetaDataOnCreate"),
    token=TOKEN,
    find=Find(Call("describe_data_repository_associations"), "Associations[].AssociationId"),
    wait=READY,
    gone=lambda found: found.get("Lifecycle") == "DELETING",
    fixed=("deleteDataInFilesystem", "batchImportMetaDataOnCreate"),
)

ROWS = (LUSTRE, OPENZFS, DATA_REPOSITORY)
