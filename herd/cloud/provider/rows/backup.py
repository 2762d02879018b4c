"""AWS Backup: vaults, their locks and policies, plans and selections."""

from __future__ import annotations

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Find, Read, Row
from herd.cloud.provider.rows.common import input_of, listed_tags, split

SPELLING = {"form": "map", "keys_param": "TagKeyList"}
OWNER = ("ResourceArn", "$state.arn")
TOKEN = "CreatorRequestId"  # noqa: S105 - the name of a parameter

VAULT = Row(
    type="aws:backup/vault:Vault",
    service="backup",
    create=Call("create_backup_vault", takes=None),
    id="$inputs.name",
    reads=(
        Read(
            Call("describe_backup_vault", {"BackupVaultName": "$id"}),
            names={"arn": "BackupVaultArn", "recoveryPoints": "NumberOfRecoveryPoints"},
        ),
    ),
    delete=(Call("delete_backup_vault", {"BackupVaultName": "$id"}),),
    names={"name": "BackupVaultName", "kmsKeyArn": "EncryptionKeyArn"},
    defaults={"forceDestroy": False},
    name=AutoName(),
    tags=listed_tags(OWNER, "list_tags", create="BackupVaultTags", **SPELLING),
    natural=True,
    fixed=("forceDestroy",),
)

VAULT_LOCK = Row(
    type="aws:backup/vaultLockConfiguration:VaultLockConfiguration",
    service="backup",
    create=Call("put_backup_vault_lock_configuration", takes=None),
    id="$inputs.backupVaultName",
    reads=(
        Read(
            Call("describe_backup_vault", {"BackupVaultName": "$id"}),
            names={"backupVaultArn": "BackupVaultArn"},
        ),
    ),
    delete=(Call("delete_backup_vault_lock_configuration", {"BackupVaultName": "$id"}),),
    never_read=("changeableForDays",),
    natural=True,
    gone=lambda found: not found.get("Locked"),
)

PUT_POLICY = Call("put_backup_vault_access_policy", takes=None)
VAULT_POLICY = Row(
    type="aws:backup/vaultPolicy:VaultPolicy",
    service="backup",
    create=PUT_POLICY,
    id="$inputs.backupVaultName",
    reads=(
        Read(
            Call("get_backup_vault_access_policy", {"BackupVaultName": "$id"}),
            names={"backupVaultArn": "BackupVaultArn"},
        ),
    ),
    updates=(Change(("policy",), (PUT_POLICY,)),),
    delete=(Call("delete_backup_vault_access_policy", {"BackupVaultName": "$id"}),),
    documents=("policy",),
    natural=True,
)

LIFECYCLE = {"deleteAfter": "DeleteAfterDays", "coldStorageAfter": "MoveToColdStorageAfterDays"}
PLAN = Row(
    type="aws:backup/plan:Plan",
    service="backup",
    create=Call("create_backup_plan", takes=None),
    id="$result.BackupPlanId",
    reads=(
        Read(Call("get_backup_plan", {"BackupPlanId": "$id"}), names={"arn": "BackupPlanArn", "version": "VersionId"}),
    ),
    updates=(
        Change(
            ("rules", "advancedBackupSettings"),
            (
                Call(
                    "update_backup_plan",
                    {"BackupPlanId": "$id"},
                    takes=("name", "rules", "advancedBackupSettings"),
                ),
            ),
        ),
    ),
    delete=(Call("delete_backup_plan", {"BackupPlanId": "$id"}, waits_for=frozenset({"InvalidRequestException"})),),
    names={
        "name": "BackupPlan.BackupPlanName",
        "rules": "BackupPlan.Rules",
        "rules.targetVaultName": "TargetBackupVaultName",
        "rules.schedule": "ScheduleExpression",
        "rules.startWindow": "StartWindowMinutes",
        "rules.completionWindow": "CompletionWindowMinutes",
        "rules.copyActions.destinationVaultArn": "DestinationBackupVaultArn",
        "rules.targetLogicallyAirGappedBackupVaultArn": "TargetLogicallyAirGappedBackupVaultArn",
        "advancedBackupSettings": "BackupPlan.AdvancedBackupSettings",
        **{f"rules.lifecycle.{name}": member for name, member in LIFECYCLE.items()},
        **{f"rules.copyActions.lifecycle.{name}": member for name, member in LIFECYCLE.items()},
    },
    name=AutoName(),
    tags=listed_tags(OWNER, "list_tags", create="BackupPlanTags", **SPELLING),
    volatile=("version",),
    token=TOKEN,
    find=Find(Call("list_backup_plans", {"MaxResults": 1000}), "BackupPlansList[].BackupPlanId"),
)

CONDITIONS = ("stringEquals", "stringLikes", "stringNotEquals", "stringNotLikes")
SELECTION = Row(
    type="aws:backup/selection:Selection",
    service="backup",
    create=Call("create_backup_selection", takes=None),
    id="$result.SelectionId",
    reads=(
        Read(
            Call("get_backup_selection", {"BackupPlanId": input_of("planId"), "SelectionId": "$id"}),
        ),
    ),
    delete=(Call("delete_backup_selection", {"BackupPlanId": input_of("planId"), "SelectionId": "$id"}),),
    names={
        "planId": "BackupPlanId",
        "name": "BackupSelection.SelectionName",
        "iamRoleArn": "BackupSelection.IamRoleArn",
        "resources": "BackupSelection.Resources",
        "notResources": "BackupSelection.NotResources",
        "selectionTags": "BackupSelection.ListOfTags",
        "selectionTags.type": "ConditionType",
        "selectionTags.key": "ConditionKey",
        "selectionTags.value": "ConditionValue",
        "conditions": "BackupSelection.Conditions",
        "conditions.stringLikes": "StringLike",
        "conditions.stringNotLikes": "StringNotLike",
        **{f"conditions.{name}.key": "ConditionKey" for name in CONDITIONS},
        **{f"conditions.{name}.value": "ConditionValue" for name in CONDITIONS},
    },
    name=AutoName(),
    token=TOKEN,
    find=Find(Call("list_backup_selections", {"BackupPlanId": "$inputs.planId"}), "BackupSelectionsList[].SelectionId"),
    parse=split("|", "planId"),
)

ROWS = (VAULT, VAULT_LOCK, VAULT_POLICY, PLAN, SELECTION)
