"""What hangs on FSx file systems: volumes, data repository associations, backups, tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import _fsx_kept as kept
from herd.cloud.extensions import _fsx_rules as rules
from herd.cloud.extensions import handles
from herd.cloud.wire import Call


@handles("fsx", "DescribeVolumes")
def _describe_volumes(call: Call) -> Mapping[str, Any]:
    volumes = call.objects("volume")
    wanted = call.get("VolumeIds")
    found = [kept.volume_named(call, identifier) for identifier in wanted] if wanted else list(volumes.values())
    for condition in call.get("Filters") or []:
        if condition.get("Name") == "file-system-id":
            found = [volume for volume in found if volume["FileSystemId"] in condition.get("Values", [])]
    shown, token = world.page(found, call.get("NextToken"), call.get("MaxResults"))
    return {"Volumes": shown, "NextToken": token}


@handles("fsx", "UpdateVolume")
def _update_volume(call: Call) -> Mapping[str, Any]:
    volume = kept.volume_named(call, call.params["VolumeId"])
    volume["OpenZFSConfiguration"] |= call.get("OpenZFSConfiguration") or {}
    return {"Volume": volume}


@handles("fsx", "CreateDataRepositoryAssociation")
def _create_association(call: Call) -> Mapping[str, Any]:
    known = kept.repeated(call, "data_repository_association")
    if known:
        return {"Association": known}
    system = kept.system_named(call, call.params["FileSystemId"])
    associations = call.objects("data_repository_association")
    path = call.get("FileSystemPath", "/")
    rules.association(system, path, call.params["DataRepositoryPath"], associations.values())
    identifier = world.new_id("dra")
    bucket = call.params["DataRepositoryPath"].removeprefix("s3://").split("/", 1)[0]
    reachable = world.bucket(bucket) is not None
    associations[identifier] = {
        "AssociationId": identifier,
        "ResourceARN": world.arn(call, "fsx", f"association/{system['FileSystemId']}/{identifier}"),
        "FileSystemId": system["FileSystemId"],
        # AWS accepts an unreachable bucket and reports the association as misconfigured.
        "Lifecycle": "AVAILABLE" if reachable else "MISCONFIGURED",
        "FailureDetails": None if reachable else {"Message": f"Amazon FSx is unable to access bucket {bucket}"},
        "FileSystemPath": path,
        "DataRepositoryPath": call.params["DataRepositoryPath"],
        "BatchImportMetaDataOnCreate": call.get("BatchImportMetaDataOnCreate", False),
        "ImportedFileChunkSize": call.get("ImportedFileChunkSize", 1024),
        "S3": call.get("S3") or {},
        "Tags": call.get("Tags", []),
        "CreationTime": world.now(),
    }
    kept.remember(call, identifier)
    return {"Association": {**associations[identifier], "Lifecycle": "CREATING", "FailureDetails": None}}


@handles("fsx", "DescribeDataRepositoryAssociations")
def _describe_associations(call: Call) -> Mapping[str, Any]:
    associations = call.objects("data_repository_association")
    wanted = call.get("AssociationIds")
    found = (
        [kept.association_named(call, identifier) for identifier in wanted] if wanted else list(associations.values())
    )
    for condition in call.get("Filters") or []:
        if condition.get("Name") == "file-system-id":
            found = [each for each in found if each["FileSystemId"] in condition.get("Values", [])]
    shown, token = world.page(found, call.get("NextToken"), call.get("MaxResults"))
    return {"Associations": shown, "NextToken": token}


@handles("fsx", "UpdateDataRepositoryAssociation")
def _update_association(call: Call) -> Mapping[str, Any]:
    association = kept.association_named(call, call.params["AssociationId"])
    if "ImportedFileChunkSize" in call.params:
        association["ImportedFileChunkSize"] = call.params["ImportedFileChunkSize"]
    association["S3"] = {**association["S3"], **(call.get("S3") or {})}
    return {"Association": association}


@handles("fsx", "DeleteDataRepositoryAssociation")
def _delete_association(call: Call) -> Mapping[str, Any]:
    association = kept.association_named(call, call.params["AssociationId"])
    del call.objects("data_repository_association")[association["AssociationId"]]
    return {
        "AssociationId": association["AssociationId"],
        "Lifecycle": "DELETING",
        "DeleteDataInFileSystem": call.get("DeleteDataInFileSystem", False),
    }


@handles("fsx", "CreateBackup")
def _create_backup(call: Call) -> Mapping[str, Any]:
    system = kept.system_named(call, call.params["FileSystemId"])
    if any(
        each["FileSystemId"] == system["FileSystemId"] for each in call.objects("data_repository_association").values()
    ):
        raise AwsError("BadRequest", "Backups are not supported on file systems linked to a data repository.")
    if (system.get("LustreConfiguration") or {}).get("DeploymentType", "").startswith("SCRATCH"):
        raise AwsError("BadRequest", "Backups are not supported on scratch file systems.")
    return {"Backup": kept.new_backup(call, system, "USER_INITIATED", call.get("Tags") or [])}


@handles("fsx", "DescribeBackups")
def _describe_backups(call: Call) -> Mapping[str, Any]:
    backups = call.objects("backup")
    wanted = call.get("BackupIds")
    found = [kept.backup_named(call, identifier) for identifier in wanted] if wanted else list(backups.values())
    shown, token = world.page(found, call.get("NextToken"), call.get("MaxResults"))
    return {"Backups": shown, "NextToken": token}


@handles("fsx", "DeleteBackup")
def _delete_backup(call: Call) -> Mapping[str, Any]:
    backup = kept.backup_named(call, call.params["BackupId"])
    del call.objects("backup")[backup["BackupId"]]
    return {"BackupId": backup["BackupId"], "Lifecycle": "DELETED"}


@handles("fsx", "TagResource", "UntagResource", "ListTagsForResource")
def _tags(call: Call) -> Mapping[str, Any]:
    resource = _tagged(call)
    tags = {tag["Key"]: tag["Value"] for tag in resource["Tags"]}
    if call.operation == "TagResource":
        tags |= {tag["Key"]: tag["Value"] for tag in call.params["Tags"]}
    elif call.operation == "UntagResource":
        tags = {key: value for key, value in tags.items() if key not in call.params["TagKeys"]}
    resource["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"Tags": resource["Tags"]} if call.operation == "ListTagsForResource" else {}


def _tagged(call: Call) -> dict[str, Any]:
    wanted = call.params["ResourceARN"]
    for kind in ("file_system", "volume", "data_repository_association", "backup"):
        for resource in call.objects(kind).values():
            if resource["ResourceARN"] == wanted:
                found: dict[str, Any] = resource
                return found
    raise AwsError("ResourceNotFound", f"The resource {wanted} does not exist.", ResourceARN=wanted)
