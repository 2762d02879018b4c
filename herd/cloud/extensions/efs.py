"""EFS: updates, backup policies, deleting policies; what moto accepts and AWS refuses."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks, handles
from herd.cloud.wire import Call


def _backend(call: Call) -> Any:
    from moto.efs.models import efs_backends  # noqa: PLC0415

    return efs_backends[call.account][call.region]


def _system(call: Call) -> Any:
    identifier = call.params["FileSystemId"].rsplit("/", 1)[-1]
    found = _backend(call).file_systems_by_id.get(identifier)
    if found is None:
        raise AwsError(
            "FileSystemNotFound", f"File system '{identifier}' does not exist.", 404, ErrorCode="FileSystemNotFound"
        )
    return found


def _bad(message: str) -> AwsError:
    return AwsError("BadRequest", message, 400, ErrorCode="BadRequest")


def _check_throughput(mode: str, provisioned: float | None) -> None:
    if mode == "provisioned" and not provisioned:
        raise _bad("ProvisionedThroughputInMibps is required with throughput mode provisioned.")
    if mode != "provisioned" and provisioned:
        raise _bad("ProvisionedThroughputInMibps can be set with throughput mode provisioned only.")


@checks("efs", "CreateFileSystem")
def _create(call: Call) -> None:
    mode = call.get("ThroughputMode", "bursting")
    _check_throughput(mode, call.get("ProvisionedThroughputInMibps"))
    if call.get("PerformanceMode") == "maxIO" and (mode == "elastic" or call.get("AvailabilityZoneName")):
        raise _bad("Performance mode maxIO is not supported with elastic throughput or One Zone file systems.")
    key = call.get("KmsKeyId")
    if key and not world.key_exists(call, key):
        raise _bad(f"The KMS key {key} does not exist or is not enabled.")


@handles("efs", "CreateFileSystem")
def _created(call: Call) -> Mapping[str, Any]:
    result = call.forward()
    system = _backend(call).file_systems_by_id[result["FileSystemId"]]
    key = system.kms_key_id
    if system.encrypted:
        own = uuid.uuid5(uuid.NAMESPACE_URL, f"aws/elasticfilesystem/{call.account}/{call.region}")
        system.kms_key_id = key if key and key.startswith("arn:") else world.arn(call, "kms", f"key/{key or own}")
    return {**result, "KmsKeyId": system.kms_key_id}


@handles("efs", "UpdateFileSystem")
def _update(call: Call) -> Mapping[str, Any]:
    system = _system(call)
    mode = call.get("ThroughputMode", system.throughput_mode)
    provisioned = call.get("ProvisionedThroughputInMibps", system.provisioned_throughput_in_mibps)
    if mode != "provisioned" and "ProvisionedThroughputInMibps" not in call.params:
        provisioned = None
    _check_throughput(mode, provisioned)
    system.throughput_mode, system.provisioned_throughput_in_mibps = mode, provisioned
    answer: Mapping[str, Any] = system.info_json()
    return answer


@handles("efs", "UpdateFileSystemProtection")
def _protect(call: Call) -> Mapping[str, Any]:
    system = _system(call)
    wanted = call.get("ReplicationOverwriteProtection", "ENABLED")
    system.file_system_protection = {"ReplicationOverwriteProtection": wanted}
    return {"ReplicationOverwriteProtection": wanted}


@handles("efs", "PutBackupPolicy")
def _put_backup_policy(call: Call) -> Mapping[str, Any]:
    system = _system(call)
    status = call.params["BackupPolicy"]["Status"]
    settled = {"ENABLING": "ENABLED", "DISABLING": "DISABLED"}.get(status, status)
    call.objects("backup_policy")[system.file_system_id] = settled
    return {"BackupPolicy": {"Status": settled}}


@handles("efs", "DescribeBackupPolicy")
def _describe_backup_policy(call: Call) -> Mapping[str, Any]:
    system = _system(call)
    status = call.objects("backup_policy").get(system.file_system_id)
    if status:
        return {"BackupPolicy": {"Status": status}}
    return call.forward()


@checks("efs", "PutFileSystemPolicy")
def _check_policy(call: Call) -> None:
    _system(call)
    try:
        statements = json.loads(call.params["Policy"])["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        raise AwsError(
            "InvalidPolicyException", f"Malformed policy: {error}", 400, ErrorCode="InvalidPolicyException"
        ) from (error)
    for statement in statements if isinstance(statements, list) else [statements]:
        if not {"Effect", "Principal", "Action"} <= set(statement):
            raise AwsError(
                "InvalidPolicyException",
                "A statement needs Effect, Principal and Action.",
                400,
                ErrorCode="InvalidPolicyException",
            )


@handles("efs", "DeleteFileSystemPolicy")
def _delete_policy(call: Call) -> None:
    system = _system(call)
    if not system.file_system_policy:
        raise AwsError("PolicyNotFound", "The file system has no policy.", 404, ErrorCode="PolicyNotFound")
    system.file_system_policy = None


@checks("efs", "CreateAccessPoint")
def _create_access_point(call: Call) -> None:
    _system(call)
    token = call.params["ClientToken"]
    for point in _backend(call).access_points.values():
        if point.client_token == token:
            raise AwsError(
                "AccessPointAlreadyExists",
                f"Access point with client token '{token}' already exists.",
                409,
                ErrorCode="AccessPointAlreadyExists",
                AccessPointId=point.access_point_id,
            )


@handles("efs", "DeleteFileSystem")
def _delete(call: Call) -> Mapping[str, Any]:
    system = _system(call)
    result = call.forward()
    # Access points go with their file system.
    points = _backend(call).access_points
    for identifier in [key for key, point in points.items() if point.file_system_id == system.file_system_id]:
        del points[identifier]
    call.objects("backup_policy").pop(system.file_system_id, None)
    return result
