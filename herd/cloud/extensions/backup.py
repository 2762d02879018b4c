"""AWS Backup: selections, plan updates, vault access policies; plans and vaults checked as AWS checks them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from herd.cloud import schedules, world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks, handles
from herd.cloud.wire import Call

# Recovery points stay at least this long in cold storage (days).
_COLD_DAYS = 90
_MIN_WINDOW = 60


def _backend(call: Call) -> Any:
    from moto.backup.models import backup_backends  # noqa: PLC0415

    return backup_backends[call.account][call.region]


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message, 400)


def _missing(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message, 400)


def _plan(call: Call, error: Any = _missing) -> Any:
    identifier = call.params["BackupPlanId"]
    plan = _backend(call).plans.get(identifier)
    if plan is None:
        raise error(f"Cannot find Backup plan with ID {identifier}")
    return plan


def _vault(call: Call) -> Any:
    name = call.params["BackupVaultName"]
    vault = _backend(call).vaults.get(name)
    if vault is None:
        raise _missing(f"Backup vault {name} does not exist")
    return vault


@checks("backup", "CreateBackupVault")
def _create_vault(call: Call) -> None:
    key = call.get("EncryptionKeyArn")
    if key and not world.key_exists(call, key):
        raise _invalid(f"The KMS key {key} does not exist or is not enabled.")


@checks("backup", "DeleteBackupVault")
def _delete_vault(call: Call) -> None:
    _vault(call)


@handles("backup", "DescribeBackupVault")
def _describe_vault(call: Call) -> Mapping[str, Any]:
    vault = _vault(call)
    return {
        **vault.to_list_dict(),
        "VaultType": "BACKUP_VAULT",
        "VaultState": "AVAILABLE",
        "EncryptionKeyArn": vault.encryption_key_arn or _own_key(call),
    }


def _own_key(call: Call) -> str:
    # The AWS-managed key aws/backup: one per account and region.
    return world.arn(call, "kms", f"key/{uuid.uuid5(uuid.NAMESPACE_URL, f'aws/backup/{call.account}/{call.region}')}")


@checks("backup", "PutBackupVaultLockConfiguration")
def _lock_vault(call: Call) -> None:
    _vault(call)


@handles("backup", "PutBackupVaultAccessPolicy")
def _put_policy(call: Call) -> None:
    vault = _vault(call)
    try:
        statements = json.loads(call.get("Policy") or "")["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        raise _invalid(f"The specified policy cannot be added because it is not valid: {error}") from error
    for statement in statements if isinstance(statements, list) else [statements]:
        if not {"Effect", "Principal", "Action", "Resource"} <= set(statement):
            raise _invalid(
                "The specified policy cannot be added: a statement needs Effect, Principal, Action, Resource."
            )
    call.objects("vault_policy")[vault.backup_vault_name] = call.params["Policy"]


@handles("backup", "GetBackupVaultAccessPolicy", "DeleteBackupVaultAccessPolicy")
def _policy(call: Call) -> Mapping[str, Any]:
    vault = _vault(call)
    policies = call.objects("vault_policy")
    if call.operation.startswith("Delete"):
        policies.pop(vault.backup_vault_name, None)
        return {}
    if vault.backup_vault_name not in policies:
        raise _missing(f"Backup vault {vault.backup_vault_name} has no associated policy")
    return {
        "BackupVaultName": vault.backup_vault_name,
        "BackupVaultArn": vault.backup_vault_arn,
        "Policy": policies[vault.backup_vault_name],
    }


@handles("backup", "DeleteBackupVault")
def _deleted_vault(call: Call) -> None:
    call.objects("vault_policy").pop(call.params["BackupVaultName"], None)
    call.forward()


@checks("backup", "CreateBackupPlan", "UpdateBackupPlan")
def _check_plan(call: Call) -> None:
    seen: set[str] = set()
    for rule in call.params["BackupPlan"]["Rules"]:
        name = rule["RuleName"]
        if name in seen:
            raise _invalid(f"Rule name {name} is used more than once.")
        seen.add(name)
        vault = rule["TargetBackupVaultName"]
        if vault not in _backend(call).vaults:
            raise _invalid(f"Backup vault {vault} does not exist")
        _check_rule(rule)


def _check_rule(rule: Mapping[str, Any]) -> None:
    expression = rule.get("ScheduleExpression")
    wrong = schedules.problem(expression, ("cron", "rate")) if expression else None
    if wrong:
        raise _invalid(f"Invalid schedule expression: {wrong}")
    start, completion = rule.get("StartWindowMinutes"), rule.get("CompletionWindowMinutes")
    if start is not None and start < _MIN_WINDOW:
        raise _invalid(f"Invalid start window: must be at least {_MIN_WINDOW} minutes.")
    if completion is not None and completion < (start or 480) + _MIN_WINDOW:
        raise _invalid("Invalid completion window: must be at least 60 minutes longer than the start window.")
    for lifecycle in [rule.get("Lifecycle"), *(copy.get("Lifecycle") for copy in rule.get("CopyActions") or [])]:
        cold, delete = (lifecycle or {}).get("MoveToColdStorageAfterDays"), (lifecycle or {}).get("DeleteAfterDays")
        if cold and delete and delete != -1 and delete < cold + _COLD_DAYS:
            raise _invalid(
                f"Invalid lifecycle: DeleteAfterDays must be at least {_COLD_DAYS} days after the move to cold."
            )
        if delete == 0:
            raise _invalid("Invalid lifecycle: DeleteAfterDays must be at least 1.")


@handles("backup", "UpdateBackupPlan")
def _update_plan(call: Call) -> Mapping[str, Any]:
    plan = _plan(call)
    from moto.backup.models import Plan  # noqa: PLC0415

    fresh = Plan(call.params["BackupPlan"], plan.creator_request_id, _backend(call))
    rule_ids = {rule["RuleName"]: rule["RuleId"] for rule in plan.backup_plan["Rules"]}
    for rule in fresh.backup_plan["Rules"]:
        rule["RuleId"] = rule_ids.get(rule["RuleName"], rule["RuleId"])
    plan.backup_plan, plan.version_id = fresh.backup_plan, fresh.version_id
    plan.advanced_backup_settings = fresh.advanced_backup_settings
    answer: Mapping[str, Any] = plan.to_dict()
    return answer


@handles("backup", "DeleteBackupPlan")
def _delete_plan(call: Call) -> Mapping[str, Any]:
    plan = _plan(call)
    if any(each["BackupPlanId"] == plan.backup_plan_id for each in call.objects("selection").values()):
        raise AwsError(
            "InvalidRequestException",
            "Related backup plan selections must be deleted prior to backup plan deletion",
            400,
        )
    result = call.forward()
    # moto keeps deleted plans and refuses their names for ever; AWS lets a name be used again.
    _backend(call).plans.pop(plan.backup_plan_id)
    return result


@handles("backup", "CreateBackupSelection")
def _create_selection(call: Call) -> Mapping[str, Any]:
    plan, selection = _plan(call, _invalid), call.params["BackupSelection"]
    mine = [each for each in call.objects("selection").values() if each["BackupPlanId"] == plan.backup_plan_id]
    for each in mine:
        if each["BackupSelection"]["SelectionName"] == selection["SelectionName"]:
            raise AwsError(
                "AlreadyExistsException",
                f"Backup selection with the name {selection['SelectionName']} already exists in the plan.",
                400,
            )
    role = selection["IamRoleArn"]
    if not role.startswith(f"arn:{world.partition(call.region)}:iam::") or not world.role_exists(call, role):
        raise _invalid(f"Invalid ARN or missing role: {role}. AWS Backup cannot assume it.")
    if not any(selection.get(name) for name in ("Resources", "ListOfTags", "Conditions", "NotResources")):
        raise _invalid("A backup selection needs resources or tags.")
    identifier = str(uuid.uuid4())
    call.objects("selection")[identifier] = {
        "SelectionId": identifier,
        "BackupPlanId": plan.backup_plan_id,
        "BackupSelection": selection,
        "CreationDate": world.now(),
        "CreatorRequestId": call.get("CreatorRequestId"),
    }
    return {"SelectionId": identifier, "BackupPlanId": plan.backup_plan_id, "CreationDate": world.now()}


@handles("backup", "GetBackupSelection", "DeleteBackupSelection")
def _selection(call: Call) -> Mapping[str, Any]:
    plan, identifier = _plan(call), call.params["SelectionId"]
    selection: dict[str, Any] | None = call.objects("selection").get(identifier)
    if selection is None or selection["BackupPlanId"] != plan.backup_plan_id:
        raise _missing(f"Cannot find Backup selection with ID {identifier}")
    if call.operation.startswith("Delete"):
        del call.objects("selection")[identifier]
        return {}
    return selection


@handles("backup", "ListBackupSelections")
def _list_selections(call: Call) -> Mapping[str, Any]:
    plan = _plan(call)
    mine = [
        {
            **each,
            "SelectionName": each["BackupSelection"]["SelectionName"],
            "IamRoleArn": each["BackupSelection"]["IamRoleArn"],
        }
        for each in call.objects("selection").values()
        if each["BackupPlanId"] == plan.backup_plan_id
    ]
    shown, token = world.page(mine, call.get("NextToken"), call.get("MaxResults"))
    return {"BackupSelectionsList": shown, "NextToken": token}
