"""EFS file systems, mount targets, access points and policies."""

from __future__ import annotations

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Find, Read, Row, Tags, Wait
from herd.cloud.provider.rows.common import input_of
from herd.cloud.provider.scope import Scope

TAGS = Tags(owner=("ResourceId", "$id"))
AVAILABLE = Wait("LifeCycleState", frozenset({"available"}))
LEAVING = frozenset({"deleted", "deleting"})


def _dns(scope: Scope) -> str:
    return f"{scope.given('fileSystemId') or scope.id}.efs.{scope.region}.amazonaws.com"


def _set_lifecycle(scope: Scope) -> None:
    names = {
        "transitionToIa": "TransitionToIA",
        "transitionToPrimaryStorageClass": "TransitionToPrimaryStorageClass",
        "transitionToArchive": "TransitionToArchive",
    }
    given = scope.inputs.get("lifecyclePolicies") or []
    policies = [{names[k]: v for k, v in policy.items()} for policy in given]
    scope.run("put_lifecycle_configuration", FileSystemId=scope.id, LifecyclePolicies=policies)


FILE_SYSTEM = Row(
    type="aws:efs/fileSystem:FileSystem",
    service="efs",
    create=Call("create_file_system", takes=None),
    id="$result.FileSystemId",
    reads=(
        Read(
            Call("describe_file_systems", {"FileSystemId": "$id"}),
            "FileSystems[0]",
            {
                "arn": "FileSystemArn",
                "protection": "FileSystemProtection",
                "protection.replicationOverwrite": "ReplicationOverwriteProtection",
                "sizeInBytes": "SizeInBytes",
            },
        ),
        Read(
            Call("describe_lifecycle_configuration", {"FileSystemId": "$id"}),
            names={"lifecyclePolicies": "LifecyclePolicies"},
        ),
    ),
    updates=(
        Change(
            ("throughputMode", "provisionedThroughputInMibps"),
            (
                Call(
                    "update_file_system",
                    {"FileSystemId": "$id"},
                    takes=("throughputMode", "provisionedThroughputInMibps"),
                ),
            ),
        ),
        Change(("lifecyclePolicies",), _set_lifecycle, at_create=True),
        Change(
            ("protection",),
            (
                Call(
                    "update_file_system_protection",
                    {
                        "FileSystemId": "$id",
                        "ReplicationOverwriteProtection": "$inputs.protection.replicationOverwrite || 'ENABLED'",
                    },
                ),
            ),
            at_create=True,
        ),
    ),
    delete=(Call("delete_file_system", {"FileSystemId": "$id"}),),
    outputs={"dnsName": _dns},
    defaults={"throughputMode": "bursting"},
    tags=TAGS,
    name=AutoName("creationToken"),
    natural=True,
    find=Find(Call("describe_file_systems", {"CreationToken": "$inputs.creationToken"}), "FileSystems[].FileSystemId"),
    wait=AVAILABLE,
    gone=lambda found: found.get("LifeCycleState") in LEAVING,
)


def _mount_target_details(scope: Scope) -> None:
    answer = scope.run("describe_mount_target_security_groups", MountTargetId=scope.id)
    zone = scope.outputs.get("availabilityZoneName")
    scope.outputs |= {
        "securityGroups": answer["SecurityGroups"],
        "fileSystemArn": scope.arn("elasticfilesystem", f"file-system/{scope.outputs['fileSystemId']}"),
        "mountTargetDnsName": f"{zone}.{_dns(scope)}",
        "dnsName": _dns(scope),
    }


MOUNT_TARGET = Row(
    type="aws:efs/mountTarget:MountTarget",
    service="efs",
    create=Call("create_mount_target", takes=None),
    id="$result.MountTargetId",
    reads=(Read(Call("describe_mount_targets", {"MountTargetId": "$id"}), "MountTargets[0]"),),
    updates=(
        Change(
            ("securityGroups",),
            (Call("modify_mount_target_security_groups", {"MountTargetId": "$id"}, takes=("securityGroups",)),),
        ),
    ),
    delete=(Call("delete_mount_target", {"MountTargetId": "$id"}),),
    find=Find(Call("describe_mount_targets", {"FileSystemId": "$inputs.fileSystemId"}), "MountTargets[].MountTargetId"),
    wait=AVAILABLE,
    gone=lambda found: found.get("LifeCycleState") in LEAVING,
    after_read=_mount_target_details,
    tells=("securityGroups",),
    delete_before_replace=True,
)

ACCESS_POINT = Row(
    type="aws:efs/accessPoint:AccessPoint",
    service="efs",
    create=Call("create_access_point", takes=None),
    id="$result.AccessPointId",
    reads=(
        Read(Call("describe_access_points", {"AccessPointId": "$id"}), "AccessPoints[0]", {"arn": "AccessPointArn"}),
    ),
    delete=(Call("delete_access_point", {"AccessPointId": "$id"}),),
    outputs={
        "fileSystemArn": lambda s: s.arn("elasticfilesystem", f"file-system/{s.outputs.get('fileSystemId')}"),
    },
    tags=TAGS,
    token="ClientToken",  # noqa: S106 - the name of a parameter
    find=Find(Call("describe_access_points", {"FileSystemId": "$inputs.fileSystemId"}), "AccessPoints[].AccessPointId"),
    wait=AVAILABLE,
    gone=lambda found: found.get("LifeCycleState") in LEAVING,
)

PUT_BACKUP = Call("put_backup_policy", takes=None)
BACKUP_POLICY = Row(
    type="aws:efs/backupPolicy:BackupPolicy",
    service="efs",
    create=PUT_BACKUP,
    id="$inputs.fileSystemId",
    reads=(Read(Call("describe_backup_policy", {"FileSystemId": "$id"})),),
    updates=(Change(("backupPolicy",), (PUT_BACKUP,)),),
    delete=(Call("put_backup_policy", {"FileSystemId": "$id", "BackupPolicy": {"Status": "DISABLED"}}),),
    outputs={"fileSystemId": "$id"},
    natural=True,
)

PUT_POLICY = Call("put_file_system_policy", takes=None)
POLICY = Row(
    type="aws:efs/fileSystemPolicy:FileSystemPolicy",
    service="efs",
    create=PUT_POLICY,
    id="$inputs.fileSystemId",
    reads=(Read(Call("describe_file_system_policy", {"FileSystemId": "$id"})),),
    updates=(Change(("policy", "bypassPolicyLockoutSafetyCheck"), (PUT_POLICY,)),),
    delete=(Call("delete_file_system_policy", {"FileSystemId": input_of("fileSystemId")}),),
    documents=("policy",),
    never_read=("bypassPolicyLockoutSafetyCheck",),
    natural=True,
)

ROWS = (FILE_SYSTEM, MOUNT_TARGET, ACCESS_POINT, BACKUP_POLICY, POLICY)
