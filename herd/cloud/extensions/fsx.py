"""FSx: file systems (Lustre, OpenZFS), volumes, data repository associations, backups, tags.

moto keeps what it is given and checks nothing; this is a small model of its own, with AWS's rules and errors.
Source: botocore's fsx model and its documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import _fsx_kept as kept
from herd.cloud.extensions import _fsx_make as make
from herd.cloud.extensions import _fsx_parts, handles
from herd.cloud.extensions import _fsx_rules as rules
from herd.cloud.wire import Call

__all__ = ["_fsx_parts"]

_CONFIGURATION = {"LUSTRE": "LustreConfiguration", "OPENZFS": "OpenZFSConfiguration"}


@handles("fsx", "CreateFileSystem")
def _create_file_system(call: Call) -> Mapping[str, Any]:
    known = kept.repeated(call, "file_system")
    if known:
        return {"FileSystem": known}
    kind = call.params["FileSystemType"]
    if kind not in _CONFIGURATION:
        raise AwsError(
            "HerdNotModelled", f"fsx file systems of type {kind} are not modelled by the stand-in cloud.", 501
        )
    vpc = make.network(call)
    key = call.get("KmsKeyId")
    if key and not world.key_exists(call, key):
        raise AwsError("BadRequest", f"The KMS key {key} does not exist or is not enabled.")
    system = make.common(call, vpc)
    if kind == "LUSTRE":
        make.lustre(call, system)
    else:
        make.openzfs(call, system)
    system["NetworkInterfaceIds"] = [
        world.create_interface(call, subnet, call.get("SecurityGroupIds") or [], f"Created by Amazon FSx for {kind}")
        for subnet in call.params["SubnetIds"]
    ]
    call.objects("file_system")[system["FileSystemId"]] = system
    kept.remember(call, system["FileSystemId"])
    return {"FileSystem": {**system, "Lifecycle": "CREATING"}}


@handles("fsx", "DescribeFileSystems")
def _describe_file_systems(call: Call) -> Mapping[str, Any]:
    systems = call.objects("file_system")
    wanted = call.get("FileSystemIds")
    found = [kept.system_named(call, identifier) for identifier in wanted] if wanted else list(systems.values())
    shown, token = world.page(found, call.get("NextToken"), call.get("MaxResults"))
    return {"FileSystems": shown, "NextToken": token}


@handles("fsx", "UpdateFileSystem")
def _update_file_system(call: Call) -> Mapping[str, Any]:
    system = kept.system_named(call, call.params["FileSystemId"])
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
    system = kept.system_named(call, call.params["FileSystemId"])
    identifier, kind = system["FileSystemId"], system["FileSystemType"]
    options = call.get(_CONFIGURATION[kind]) or {}
    volumes = call.objects("volume")
    mine = [volume for volume in volumes.values() if volume["FileSystemId"] == identifier]
    if len(mine) > 1 and "DELETE_CHILD_VOLUMES_AND_SNAPSHOTS" not in options.get("Options", []):
        raise AwsError("BadRequest", f"The file system {identifier} has volumes other than its root volume.")
    answer: dict[str, Any] = {"FileSystemId": identifier, "Lifecycle": "DELETING"}
    # A final backup is the default of OpenZFS and the exception of Lustre.
    if not options.get("SkipFinalBackup", kind == "LUSTRE"):
        backup = kept.new_backup(call, system, "USER_INITIATED", options.get("FinalBackupTags") or [])
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
