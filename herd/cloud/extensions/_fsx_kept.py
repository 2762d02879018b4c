"""FSx objects by id, and requests already answered."""

from __future__ import annotations

import json
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.wire import Call


def system_named(call: Call, identifier: str) -> dict[str, Any]:
    """A file system, or AWS's error."""
    system: dict[str, Any] | None = call.objects("file_system").get(identifier)
    if system is None:
        raise AwsError("FileSystemNotFound", f"File system '{identifier}' does not exist.")
    return system


def volume_named(call: Call, identifier: str) -> dict[str, Any]:
    """A volume, or AWS's error."""
    volume: dict[str, Any] | None = call.objects("volume").get(identifier)
    if volume is None:
        raise AwsError("VolumeNotFound", f"Volume '{identifier}' does not exist.")
    return volume


def association_named(call: Call, identifier: str) -> dict[str, Any]:
    """A data repository association, or AWS's error."""
    association: dict[str, Any] | None = call.objects("data_repository_association").get(identifier)
    if association is None:
        raise AwsError(
            "DataRepositoryAssociationNotFound", f"Data repository association '{identifier}' does not exist."
        )
    return association


def backup_named(call: Call, identifier: str) -> dict[str, Any]:
    """A backup, or AWS's error."""
    backup: dict[str, Any] | None = call.objects("backup").get(identifier)
    if backup is None:
        raise AwsError("BackupNotFound", f"Backup '{identifier}' does not exist.")
    return backup


def new_backup(call: Call, system: dict[str, Any], kind: str, tags: list[dict[str, str]]) -> dict[str, Any]:
    """Make a backup of a file system."""
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


def _token(call: Call) -> tuple[str | None, str]:
    asked = json.dumps({**call.params, "ClientRequestToken": None}, sort_keys=True, default=str)
    return call.get("ClientRequestToken"), asked


def repeated(call: Call, kind: str) -> dict[str, Any] | None:
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


def remember(call: Call, identifier: str) -> None:
    """Keep what a request with a token made."""
    token, asked = _token(call)
    if token:
        call.objects("token")[f"{call.operation}/{token}"] = {"id": identifier, "asked": asked}
