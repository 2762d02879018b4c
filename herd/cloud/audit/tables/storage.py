"""Buckets, file systems, backups."""

from __future__ import annotations

from herd.cloud.audit.listing import Item, Listing, Scope, TagCall

_BUCKET = "aws:s3/bucket:Bucket"
_EFS = "aws:efs/fileSystem:FileSystem"
_VAULT = "aws:backup/vault:Vault"
_GOING = frozenset({"DELETING", "deleting", "deleted"})
# Vaults that AWS makes when backups are first turned on.
_AWS_VAULTS = frozenset({"Default", "aws/efs/automatic-backup-vault"})


def _in_regions(item: Item) -> bool:
    # Buckets are listed for the whole account; S3 calls us-east-1 by no name and eu-west-1 sometimes by its old one.
    place = {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(
        item.get("LocationConstraint"), item.get("LocationConstraint")
    )
    item["_place"] = place
    return place in item["_regions"]


def _of_bucket(item: Item) -> bool:
    item["_place"] = item["_parent"]["_place"]
    return True


def _fsx(kind: str) -> str:
    return f"FileSystems[?FileSystemType=='{kind}']"


LISTINGS = (
    Listing(
        _BUCKET,
        "s3",
        "list_buckets",
        "Buckets",
        id="Name",
        name="Name",
        tags=TagCall("get_bucket_tagging", {"Bucket": "Name"}, tags="TagSet", none=frozenset({"NoSuchTagSet"})),
        details=("get_bucket_location", {"Bucket": "Name"}, "{LocationConstraint: LocationConstraint}"),
        keep=_in_regions,
        scope=Scope.ACCOUNT,
    ),
    Listing(
        "aws:s3/bucketPolicy:BucketPolicy",
        "s3",
        "get_bucket_policy",
        "[Policy]",
        id="_parent.Name",
        params={"Bucket": "$Name"},
        over=_BUCKET,
        none=frozenset({"NoSuchBucketPolicy"}),
        keep=_of_bucket,
        scope=Scope.ACCOUNT,
    ),
    Listing(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "s3",
        "get_bucket_lifecycle_configuration",
        "[Rules[0]]",
        id="_parent.Name",
        params={"Bucket": "$Name"},
        over=_BUCKET,
        none=frozenset({"NoSuchLifecycleConfiguration"}),
        keep=_of_bucket,
        scope=Scope.ACCOUNT,
    ),
    Listing(
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        "fsx",
        "describe_file_systems",
        _fsx("LUSTRE"),
        id="FileSystemId",
        tags="Tags",
        keep=lambda item: item["Lifecycle"] not in _GOING,
    ),
    Listing(
        "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
        "fsx",
        "describe_file_systems",
        _fsx("OPENZFS"),
        id="FileSystemId",
        tags="Tags",
        keep=lambda item: item["Lifecycle"] not in _GOING,
    ),
    Listing(
        "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation",
        "fsx",
        "describe_data_repository_associations",
        "Associations",
        id="AssociationId",
        tags="Tags",
        keep=lambda item: item["Lifecycle"] not in _GOING,
    ),
    # What deleting an OpenZFS file system leaves, unless it is told not to.
    Listing("aws:fsx/backup:Backup", "fsx", "describe_backups", "Backups", id="BackupId", tags="Tags"),
    Listing(
        _EFS,
        "efs",
        "describe_file_systems",
        "FileSystems",
        id="FileSystemId",
        tags="Tags",
        keep=lambda item: item["LifeCycleState"] not in _GOING,
    ),
    Listing(
        "aws:efs/fileSystemPolicy:FileSystemPolicy",
        "efs",
        "describe_file_system_policy",
        "[FileSystemId]",
        id="value",
        params={"FileSystemId": "$FileSystemId"},
        over=_EFS,
        none=frozenset({"PolicyNotFound"}),
    ),
    Listing(
        "aws:efs/mountTarget:MountTarget",
        "efs",
        "describe_mount_targets",
        "MountTargets",
        id="MountTargetId",
        params={"FileSystemId": "$FileSystemId"},
        over=_EFS,
        keep=lambda item: item["LifeCycleState"] not in _GOING,
    ),
    Listing(
        "aws:efs/accessPoint:AccessPoint",
        "efs",
        "describe_access_points",
        "AccessPoints",
        id="AccessPointId",
        tags="Tags",
        keep=lambda item: item["LifeCycleState"] not in _GOING,
    ),
    Listing(
        _VAULT,
        "backup",
        "list_backup_vaults",
        "BackupVaultList",
        id="BackupVaultName",
        name="BackupVaultName",
        tags=TagCall("list_tags", {"ResourceArn": "BackupVaultArn"}),
        keep=lambda item: item["BackupVaultName"] not in _AWS_VAULTS,
    ),
    Listing(
        "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
        "backup",
        "describe_backup_vault",
        "[@]",
        id="BackupVaultName",
        params={"BackupVaultName": "$BackupVaultName"},
        over=_VAULT,
        keep=lambda item: bool(item.get("Locked")),
    ),
    Listing(
        "aws:backup/vaultPolicy:VaultPolicy",
        "backup",
        "get_backup_vault_access_policy",
        "[BackupVaultName]",
        id="value",
        params={"BackupVaultName": "$BackupVaultName"},
        over=_VAULT,
        none=frozenset({"ResourceNotFoundException"}),
    ),
    Listing(
        "aws:backup/plan:Plan",
        "backup",
        "list_backup_plans",
        "BackupPlansList",
        id="BackupPlanId",
        name="BackupPlanName",
        tags=TagCall("list_tags", {"ResourceArn": "BackupPlanArn"}),
    ),
    Listing(
        "aws:backup/selection:Selection",
        "backup",
        "list_backup_selections",
        "BackupSelectionsList",
        id="SelectionId",
        name="SelectionName",
        params={"BackupPlanId": "$BackupPlanId"},
        over="aws:backup/plan:Plan",
    ),
)
