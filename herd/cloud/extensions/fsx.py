"""FSx: file systems (Lustre, OpenZFS), volumes, data repository associations, backups, tags.

moto keeps what it is given and checks nothing; this is a small model of its own, with AWS's rules and errors.
Source: botocore's fsx model and its documentation.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import _fsx_rules as rules
from herd.cloud.extensions import handles
from herd.cloud.wire import Call

_CONFIGURATION = {"LUSTRE": "LustreConfiguration", "OPENZFS": "OpenZFSConfiguration"}


@handles("fsx", "CreateFileSystem")
def _create_file_system(call: Call) -> Mapping[str, Any]:
    known = _repeated(call, "file_system")
    if known:
        return {"FileSystem": known}
    kind = call.params["FileSystemType"]
    if kind not in _CONFIGURATION:
        raise AwsError(
            "HerdNotModelled", f"fsx file systems of type {kind} are not modelled by the stand-in cloud.", 501
        )
    vpc = _network(call)
    key = call.get("KmsKeyId")
    if key and not world.key_exists(call, key):
        raise AwsError("BadRequest", f"The KMS key {key} does not exist or is not enabled.")
    system = _common(call, vpc)
    if kind == "LUSTRE":
        _lustre(call, system)
    else:
        _openzfs(call, system)
    system["NetworkInterfaceIds"] = [
        world.create_interface(call, subnet, call.get("SecurityGroupIds") or [], f"Created by Amazon FSx for {kind}")
        for subnet in call.params["SubnetIds"]
    ]
    call.objects("file_system")[system["FileSystemId"]] = system
    _remember(call, system["FileSystemId"])
    return {"FileSystem": {**system, "Lifecycle": "CREATING"}}


def _common(call: Call, vpc: str) -> dict[str, Any]:
    identifier = world.new_id("fs")
    return {
        "OwnerId": call.account,
        "CreationTime": world.now(),
        "FileSystemId": identifier,
        "FileSystemType": call.params["FileSystemType"],
        "Lifecycle": "AVAILABLE",
        "StorageCapacity": call.get("StorageCapacity"),
        "StorageType": call.get("StorageType", "SSD"),
        "VpcId": vpc,
        "SubnetIds": list(call.params["SubnetIds"]),
        "DNSName": f"{identifier}.fsx.{call.region}.amazonaws.com",
        "KmsKeyId": _key_arn(call),
        "ResourceARN": world.arn(call, "fsx", f"file-system/{identifier}"),
        "Tags": call.get("Tags", []),
        "NetworkType": call.get("NetworkType", "IPV4"),
        "AdministrativeActions": [],
    }


def _lustre(call: Call, system: dict[str, Any]) -> None:
    given = call.get("LustreConfiguration") or {}
    rules.lustre(call.params, given)
    deployment = given.get("DeploymentType", "SCRATCH_1")
    metadata = given.get("MetadataConfiguration")
    if metadata and metadata["Mode"] == "AUTOMATIC":
        metadata = {**metadata, "Iops": rules.automatic_metadata_iops(call.params.get("StorageCapacity") or 0)}
    system["FileSystemTypeVersion"] = rules.lustre_version(call.params, given)
    system["LustreConfiguration"] = {
        "WeeklyMaintenanceStartTime": "7:05:00",
        "DataCompressionType": "NONE",
        "CopyTagsToBackups": False,
        "EfaEnabled": False,
        "LogConfiguration": {"Level": "DISABLED"},
        **{key: value for key, value in given.items() if key not in {"ImportPath", "ExportPath", "AutoImportPolicy"}},
        "DeploymentType": deployment,
        "MountName": "fsx" if deployment == "SCRATCH_1" else uuid.uuid4().hex[:8],
        "MetadataConfiguration": metadata,
    }
    if deployment.startswith("PERSISTENT"):
        system["LustreConfiguration"].setdefault("AutomaticBackupRetentionDays", 0)
    if given.get("ImportPath"):
        system["LustreConfiguration"]["DataRepositoryConfiguration"] = {
            "Lifecycle": "AVAILABLE",
            "ImportPath": given["ImportPath"],
            "ExportPath": given.get("ExportPath"),
            "ImportedFileChunkSize": given.get("ImportedFileChunkSize", 1024),
            "AutoImportPolicy": given.get("AutoImportPolicy", "NONE"),
        }


def _openzfs(call: Call, system: dict[str, Any]) -> None:
    given = call.get("OpenZFSConfiguration")
    if not given:
        raise AwsError("MissingFileSystemConfiguration", "OpenZFSConfiguration is required for OpenZFS file systems.")
    rules.openzfs(call.params, given)
    root = world.new_id("fsvol")
    system["OpenZFSConfiguration"] = {
        "AutomaticBackupRetentionDays": 30,
        "CopyTagsToBackups": False,
        "CopyTagsToVolumes": False,
        "WeeklyMaintenanceStartTime": "7:05:00",
        "DiskIopsConfiguration": {"Mode": "AUTOMATIC", "Iops": 3 * (call.get("StorageCapacity") or 0)},
        **{key: value for key, value in given.items() if key != "RootVolumeConfiguration"},
        "RootVolumeId": root,
        "EndpointIpAddress": "10.0.0.10",
    }
    volume = {
        "RecordSizeKiB": 128,
        "DataCompressionType": "NONE",
        "CopyTagsToSnapshots": False,
        "ReadOnly": False,
        "NfsExports": [{"ClientConfigurations": [{"Clients": "*", "Options": ["rw", "crossmnt"]}]}],
        **(given.get("RootVolumeConfiguration") or {}),
        "VolumePath": "/fsx",
    }
    call.objects("volume")[root] = {
        "VolumeId": root,
        "Name": "fsx",
        "VolumeType": "OPENZFS",
        "FileSystemId": system["FileSystemId"],
        "Lifecycle": "AVAILABLE",
        "CreationTime": world.now(),
        "ResourceARN": world.arn(call, "fsx", f"volume/{system['FileSystemId']}/{root}"),
        "Tags": [],
        "OpenZFSConfiguration": volume,
    }


def _network(call: Call) -> str:
    """The VPC of the subnets, once they and the security groups have been looked at."""
    subnets = call.params["SubnetIds"]
    vpcs = set()
    for identifier in subnets:
        found = world.subnet(call, identifier)
        if found is None:
            raise AwsError(
                "InvalidNetworkSettings", f"The subnet ID '{identifier}' does not exist", InvalidSubnetId=identifier
            )
        vpcs.add(found.vpc_id)
    if len(vpcs) != 1:
        raise AwsError("InvalidNetworkSettings", "All subnets must be in the same VPC.")
    vpc = str(vpcs.pop())
    for identifier in call.get("SecurityGroupIds") or []:
        group = world.security_group(call, identifier)
        if group is None or group.vpc_id != vpc:
            raise AwsError(
                "InvalidNetworkSettings",
                f"The security group '{identifier}' does not exist in VPC '{vpc}'",
                InvalidSecurityGroupId=identifier,
            )
    deployment = (call.get("OpenZFSConfiguration") or {}).get("DeploymentType", "")
    expected = 2 if deployment == "MULTI_AZ_1" else 1
    if len(subnets) != expected:
        raise AwsError("BadRequest", f"Exactly {expected} subnet ID(s) must be given for this deployment type.")
    return vpc


def _key_arn(call: Call) -> str:
    key = call.get("KmsKeyId")
    if key:
        return str(key) if key.startswith("arn:") else world.arn(call, "kms", f"key/{key}")
    # The AWS-managed key aws/fsx: one per account and region.
    return world.arn(call, "kms", f"key/{uuid.uuid5(uuid.NAMESPACE_URL, f'aws/fsx/{call.account}/{call.region}')}")


@handles("fsx", "DescribeFileSystems")
def _describe_file_systems(call: Call) -> Mapping[str, Any]:
    systems = call.objects("file_system")
    wanted = call.get("FileSystemIds")
    found = [_system(call, identifier) for identifier in wanted] if wanted else list(systems.values())
    shown, token = world.page(found, call.get("NextToken"), call.get("MaxResults"))
    return {"FileSystems": shown, "NextToken": token}


@handles("fsx", "UpdateFileSystem")
def _update_file_system(call: Call) -> Mapping[str, Any]:
    system = _system(call, call.params["FileSystemId"])
    name = _CONFIGURATION[system["FileSystemType"]]
    given = call.get(name) or {}
    linked = any(
        each["FileSystemId"] == system["FileSystemId"] for each in call.objects("data_repository_association").values()
    )
    if linked and given.get("AutomaticBackupRetentionDays"):
        raise AwsError("BadRequest", "Backups are not supported on file systems linked to a data repository.")
    rules.update(system, call.params, given)
    changed: dict[str, Any] = {
        key: call.params[key]
        for key in ("StorageCapacity", "StorageType", "FileSystemTypeVersion")
        if key in call.params
    }
    system |= changed
    system[name] = {**system[name], **given}
    action = {
        "AdministrativeActionType": "FILE_SYSTEM_UPDATE",
        "RequestTime": world.now(),
        "Status": "COMPLETED",
        "TargetFileSystemValues": {**changed, name: given} if given else changed,
    }
    system["AdministrativeActions"] = [action]
    return {"FileSystem": {**system, "Lifecycle": "UPDATING"}}


@handles("fsx", "DeleteFileSystem")
def _delete_file_system(call: Call) -> Mapping[str, Any]:
    system = _system(call, call.params["FileSystemId"])
    identifier, kind = system["FileSystemId"], system["FileSystemType"]
    options = call.get(_CONFIGURATION[kind]) or {}
    volumes = call.objects("volume")
    mine = [volume for volume in volumes.values() if volume["FileSystemId"] == identifier]
    if len(mine) > 1 and "DELETE_CHILD_VOLUMES_AND_SNAPSHOTS" not in options.get("Options", []):
        raise AwsError("BadRequest", f"The file system {identifier} has volumes other than its root volume.")
    answer: dict[str, Any] = {"FileSystemId": identifier, "Lifecycle": "DELETING"}
    # A final backup is the default of OpenZFS and the exception of Lustre.
    if not options.get("SkipFinalBackup", kind == "LUSTRE"):
        backup = _backup(call, system, "USER_INITIATED", options.get("FinalBackupTags") or [])
        answer["LustreResponse" if kind == "LUSTRE" else "OpenZFSResponse"] = {
            "FinalBackupId": backup["BackupId"],
            "FinalBackupTags": backup["Tags"],
        }
    world.delete_interfaces(call, system["NetworkInterfaceIds"])
    for volume in mine:
        del volumes[volume["VolumeId"]]
    associations = call.objects("data_repository_association")
    for association in [key for key, each in associations.items() if each["FileSystemId"] == identifier]:
        del associations[association]
    del call.objects("file_system")[identifier]
    return answer


def _system(call: Call, identifier: str) -> dict[str, Any]:
    system: dict[str, Any] | None = call.objects("file_system").get(identifier)
    if system is None:
        raise AwsError("FileSystemNotFound", f"File system '{identifier}' does not exist.")
    return system


@handles("fsx", "DescribeVolumes")
def _describe_volumes(call: Call) -> Mapping[str, Any]:
    volumes = call.objects("volume")
    wanted = call.get("VolumeIds")
    found = [_volume(call, identifier) for identifier in wanted] if wanted else list(volumes.values())
    for condition in call.get("Filters") or []:
        if condition.get("Name") == "file-system-id":
            found = [volume for volume in found if volume["FileSystemId"] in condition.get("Values", [])]
    shown, token = world.page(found, call.get("NextToken"), call.get("MaxResults"))
    return {"Volumes": shown, "NextToken": token}


@handles("fsx", "UpdateVolume")
def _update_volume(call: Call) -> Mapping[str, Any]:
    volume = _volume(call, call.params["VolumeId"])
    volume["OpenZFSConfiguration"] |= call.get("OpenZFSConfiguration") or {}
    return {"Volume": volume}


def _volume(call: Call, identifier: str) -> dict[str, Any]:
    volume: dict[str, Any] | None = call.objects("volume").get(identifier)
    if volume is None:
        raise AwsError("VolumeNotFound", f"Volume '{identifier}' does not exist.")
    return volume


@handles("fsx", "CreateDataRepositoryAssociation")
def _create_association(call: Call) -> Mapping[str, Any]:
    known = _repeated(call, "data_repository_association")
    if known:
        return {"Association": known}
    system = _system(call, call.params["FileSystemId"])
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
    _remember(call, identifier)
    return {"Association": {**associations[identifier], "Lifecycle": "CREATING", "FailureDetails": None}}


@handles("fsx", "DescribeDataRepositoryAssociations")
def _describe_associations(call: Call) -> Mapping[str, Any]:
    associations = call.objects("data_repository_association")
    wanted = call.get("AssociationIds")
    found = [_association(call, identifier) for identifier in wanted] if wanted else list(associations.values())
    for condition in call.get("Filters") or []:
        if condition.get("Name") == "file-system-id":
            found = [each for each in found if each["FileSystemId"] in condition.get("Values", [])]
    shown, token = world.page(found, call.get("NextToken"), call.get("MaxResults"))
    return {"Associations": shown, "NextToken": token}


@handles("fsx", "UpdateDataRepositoryAssociation")
def _update_association(call: Call) -> Mapping[str, Any]:
    association = _association(call, call.params["AssociationId"])
    if "ImportedFileChunkSize" in call.params:
        association["ImportedFileChunkSize"] = call.params["ImportedFileChunkSize"]
    association["S3"] = {**association["S3"], **(call.get("S3") or {})}
    return {"Association": association}


@handles("fsx", "DeleteDataRepositoryAssociation")
def _delete_association(call: Call) -> Mapping[str, Any]:
    association = _association(call, call.params["AssociationId"])
    del call.objects("data_repository_association")[association["AssociationId"]]
    return {
        "AssociationId": association["AssociationId"],
        "Lifecycle": "DELETING",
        "DeleteDataInFileSystem": call.get("DeleteDataInFileSystem", False),
    }


def _association(call: Call, identifier: str) -> dict[str, Any]:
    association: dict[str, Any] | None = call.objects("data_repository_association").get(identifier)
    if association is None:
        raise AwsError(
            "DataRepositoryAssociationNotFound", f"Data repository association '{identifier}' does not exist."
        )
    return association


@handles("fsx", "CreateBackup")
def _create_backup(call: Call) -> Mapping[str, Any]:
    system = _system(call, call.params["FileSystemId"])
    if any(
        each["FileSystemId"] == system["FileSystemId"] for each in call.objects("data_repository_association").values()
    ):
        raise AwsError("BadRequest", "Backups are not supported on file systems linked to a data repository.")
    if (system.get("LustreConfiguration") or {}).get("DeploymentType", "").startswith("SCRATCH"):
        raise AwsError("BadRequest", "Backups are not supported on scratch file systems.")
    return {"Backup": _backup(call, system, "USER_INITIATED", call.get("Tags") or [])}


def _backup(call: Call, system: dict[str, Any], kind: str, tags: list[dict[str, str]]) -> dict[str, Any]:
    identifier = world.new_id("backup")
    backup = {
        "BackupId": identifier,
        "Lifecycle": "AVAILABLE",
        "Type": kind,
        "CreationTime": world.now(),
        "ResourceARN": world.arn(call, "fsx", f"backup/{identifier}"),
        "Tags": tags,
        "FileSystem": system,
        "OwnerId": call.account,
        "ResourceType": "FILE_SYSTEM",
    }
    call.objects("backup")[identifier] = backup
    return backup


@handles("fsx", "DescribeBackups")
def _describe_backups(call: Call) -> Mapping[str, Any]:
    backups = call.objects("backup")
    wanted = call.get("BackupIds")
    found = [_known_backup(call, identifier) for identifier in wanted] if wanted else list(backups.values())
    shown, token = world.page(found, call.get("NextToken"), call.get("MaxResults"))
    return {"Backups": shown, "NextToken": token}


@handles("fsx", "DeleteBackup")
def _delete_backup(call: Call) -> Mapping[str, Any]:
    backup = _known_backup(call, call.params["BackupId"])
    del call.objects("backup")[backup["BackupId"]]
    return {"BackupId": backup["BackupId"], "Lifecycle": "DELETED"}


def _known_backup(call: Call, identifier: str) -> dict[str, Any]:
    backup: dict[str, Any] | None = call.objects("backup").get(identifier)
    if backup is None:
        raise AwsError("BackupNotFound", f"Backup '{identifier}' does not exist.")
    return backup


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


def _token(call: Call) -> tuple[str | None, str]:
    asked = json.dumps({**call.params, "ClientRequestToken": None}, sort_keys=True, default=str)
    return call.get("ClientRequestToken"), asked


def _repeated(call: Call, kind: str) -> dict[str, Any] | None:
    """The object an earlier request with the same token made, if it is still there."""
    token, asked = _token(call)
    earlier = call.objects("token").get(f"{call.operation}/{token}") if token else None
    if not earlier:
        return None
    if earlier["asked"] != asked:
        raise AwsError(
            "IncompatibleParameterError",
            "The client request token has been used with different parameters.",
            Parameter="ClientRequestToken",
        )
    found: dict[str, Any] | None = call.objects(kind).get(earlier["id"])
    return found


def _remember(call: Call, identifier: str) -> None:
    token, asked = _token(call)
    if token:
        call.objects("token")[f"{call.operation}/{token}"] = {"id": identifier, "asked": asked}
