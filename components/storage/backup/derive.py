"""From the backup's spec to the arguments of its resources: pure."""

from __future__ import annotations

import json
from typing import Any, Final

from components.base.arns import partition
from components.base.context import StackContext
from components.base.tags import STACK_TAG
from components.storage.backup.spec import BackupSpec, ComplianceLock
from components.storage.names import BACKUP_TAG, NIGHTLY_VALUE

Arguments = dict[str, Any]

# Source: AWS Backup, "Managed policies for AWS Backup": S3 is not part of the general pair.
ROLE_POLICIES: Final = {
    "backup": "service-role/AWSBackupServiceRolePolicyForBackup",
    "restore": "service-role/AWSBackupServiceRolePolicyForRestores",
    "s3-backup": "AWSBackupServiceRolePolicyForS3Backup",
    "s3-restore": "AWSBackupServiceRolePolicyForS3Restore",
}


def vault(context: StackContext) -> Arguments:
    """The vault: it goes with its backups only where nothing must last."""
    return {"force_destroy": not context.durable}


def lock(spec: BackupSpec) -> Arguments | None:
    """The vault's lock; none where backups may be deleted early."""
    if spec.lock is None:
        return None
    arguments: Arguments = {
        "min_retention_days": spec.lock.min_retention_days,
        "max_retention_days": spec.lock.max_retention_days,
    }
    # AWS reads the mode off this: with it the lock becomes unremovable after that many days.
    if isinstance(spec.lock, ComplianceLock):
        arguments["changeable_for_days"] = spec.lock.changeable_for_days
    return arguments


def rule(spec: BackupSpec) -> Arguments:
    """The plan's only rule, without its vault."""
    lifecycle: Arguments = {"delete_after": spec.retention_days}
    if spec.cold_storage_after_days is not None:
        lifecycle["cold_storage_after"] = spec.cold_storage_after_days
    return {
        "rule_name": "nightly",
        "schedule": spec.schedule,
        "start_window": spec.start_window_minutes,
        "completion_window": spec.completion_window_minutes,
        "lifecycle": lifecycle,
        "recovery_point_tags": {BACKUP_TAG: NIGHTLY_VALUE},
    }


def selection(context: StackContext) -> Arguments:
    """What the plan backs up: everything in this stack that is tagged for it.

    Conditions must all hold; selection tags, of which one is enough, can't leave out another stack in the account.
    """
    tags = {BACKUP_TAG: NIGHTLY_VALUE, STACK_TAG: context.stack}
    return {
        "resources": ["*"],
        "conditions": [
            {"string_equals": [{"key": f"aws:ResourceTag/{key}", "value": value} for key, value in tags.items()]}
        ],
    }


def trust_policy() -> str:
    """AWS Backup takes the role. It names no source account when it does: a condition on one would lock it out."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        },
        separators=(",", ":"),
    )


def role_policy_arns(context: StackContext) -> dict[str, str]:
    """The managed policies that backups and restores need, by short name."""
    prefix = f"arn:{partition(context.region)}:iam::aws:policy"
    return {name: f"{prefix}/{path}" for name, path in ROLE_POLICIES.items()}
