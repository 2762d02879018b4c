"""What the resources of backups are given."""

from __future__ import annotations

import json

import pytest

from components.storage.backup import derive
from components.storage.backup.spec import BackupSpec


def spec(**changes):
    return BackupSpec.model_validate(changes)


def test_the_rule_keeps_backups_as_long_as_asked():
    rule = derive.rule(spec(retention_days=200, cold_storage_after_days=30))
    assert rule["lifecycle"] == {"delete_after": 200, "cold_storage_after": 30}
    assert derive.rule(spec())["lifecycle"] == {"delete_after": 35}
    assert rule["schedule"] == "cron(0 3 * * ? *)"


@pytest.mark.parametrize(("environment", "emptied"), [("dev", True), ("test", True), ("prod", False)])
def test_a_vault_goes_with_its_backups_only_where_nothing_must_last(make_context, environment, emptied):
    assert derive.vault(make_context(environment)) == {"force_destroy": emptied}


def test_only_a_compliance_lock_has_a_grace_time():
    days = {"min_retention_days": 7, "max_retention_days": 365}
    assert derive.lock(spec()) is None
    assert derive.lock(spec(lock={"mode": "governance", **days})) == days
    compliance = {"mode": "compliance", "changeable_for_days": 7, **days}
    assert derive.lock(spec(lock=compliance)) == {**days, "changeable_for_days": 7}


def test_the_selection_takes_tagged_resources_of_this_stack_alone(make_context):
    selection = derive.selection(make_context("test"))
    assert selection["resources"] == ["*"]
    assert selection["conditions"] == [
        {
            "string_equals": [
                {"key": "aws:ResourceTag/backup", "value": "nightly"},
                {"key": "aws:ResourceTag/stack", "value": "test"},
            ]
        }
    ]


def test_the_role_is_for_aws_backup_alone():
    (statement,) = json.loads(derive.trust_policy())["Statement"]
    assert statement["Principal"] == {"Service": "backup.amazonaws.com"}


def test_the_role_can_back_up_and_restore_buckets_too(make_context):
    arns = derive.role_policy_arns(make_context())
    assert arns["s3-restore"] == "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Restore"
    assert arns["backup"] == "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
    assert len(arns) == 4
