"""KMS: key policies, grants, states and rotation periods as AWS has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud import policies, world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks, handles
from herd.cloud.wire import Call

_ROTATION_DAYS = 365
_WINDOW = (7, 30)
_USES = (
    "CreateGrant",
    "CreateAlias",
    "UpdateAlias",
    "Encrypt",
    "Decrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncrypt",
    "EnableKeyRotation",
    "DisableKeyRotation",
    "GetKeyRotationStatus",
    "Sign",
    "EnableKey",
    "DisableKey",
)


def _backend(call: Call) -> Any:
    from moto.kms.models import kms_backends  # noqa: PLC0415

    return kms_backends[call.account][call.region]


def _key(call: Call, name: str = "KeyId") -> Any | None:
    backend = _backend(call)
    wanted = call.get(name) or call.get("TargetKeyId")
    return backend.keys.get(backend.any_id_to_key_id(wanted)) if wanted else None


@checks("kms", *_USES)
def _state(call: Call) -> None:
    key = _key(call)
    if key is not None and key.key_state == "PendingDeletion":
        raise AwsError("KMSInvalidStateException", f"{key.arn} is pending deletion.")


@checks("kms", "CreateKey", "PutKeyPolicy")
def _policy(call: Call) -> None:
    text = call.get("Policy")
    if text is None:
        return
    try:
        found = policies.statements(text)
        for statement in found:
            policies.check_principals(call, statement)
            policies.check_resource(statement)
    except policies.PolicyError as error:
        raise AwsError("MalformedPolicyDocumentException", str(error)) from error
    if not call.get("BypassPolicyLockoutSafetyCheck") and not any(_keeps_control(call, each) for each in found):
        raise AwsError(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
        )


def _keeps_control(call: Call, statement: Mapping[str, Any]) -> bool:
    actions = {action.lower() for action in policies.strings(statement.get("Action"))}
    owners = {call.account, f"arn:{world.partition(call.region)}:iam::{call.account}:root", "*"}
    named = {
        value
        for kind, value in policies.principals(dict(statement))
        if kind in {"AWS", "*"} and (value in owners or f"::{call.account}:" in value)
    }
    return (
        statement.get("Effect") == "Allow"
        and bool(named)
        and bool(actions & {"*", "kms:*", "kms:put*", "kms:putkeypolicy"})
    )


@checks("kms", "CreateAlias", "DeleteAlias")
def _alias(call: Call) -> None:
    name = call.params["AliasName"]
    if name.startswith("alias/aws/"):
        raise AwsError("NotAuthorizedException", f"{name} is reserved for AWS managed keys.")


@checks("kms", "ScheduleKeyDeletion")
def _schedule(call: Call) -> None:
    low, high = _WINDOW
    if not low <= call.get("PendingWindowInDays", high) <= high:
        raise AwsError("ValidationException", f"PendingWindowInDays must be between {low} and {high}.")
    key = _key(call)
    if key is not None and key.key_state == "PendingDeletion":
        raise AwsError("KMSInvalidStateException", f"{key.arn} is pending deletion.")


@handles("kms", "CreateGrant")
def _create_grant(call: Call) -> Mapping[str, Any]:
    for name in ("GranteePrincipal", "RetiringPrincipal"):
        principal = call.get(name)
        if principal and not policies.principal_is_valid(call, principal):
            raise AwsError("InvalidArnException", f"ARN does not refer to a valid principal: {principal}")
    key = _key(call)
    # A grant asked for again under its name is the same grant.
    wanted = {name: call.get(name) for name in ("GranteePrincipal", "Operations", "Constraints", "RetiringPrincipal")}
    for grant in key.grants.values() if key is not None and call.get("Name") else []:
        same = {
            "GranteePrincipal": grant.grantee_principal,
            "Operations": grant.operations,
            "Constraints": grant.constraints or None,
            "RetiringPrincipal": grant.retiring_principal or None,
        }
        if grant.name == call.params["Name"] and same == {**wanted, "Constraints": wanted["Constraints"] or None}:
            return {"GrantId": grant.id, "GrantToken": grant.token}
    return call.forward()


@handles("kms", "ListGrants")
def _list_grants(call: Call) -> Mapping[str, Any]:
    result = call.forward()
    issuer = f"arn:{world.partition(call.region)}:iam::{call.account}:root"
    return {**result, "Grants": [{"IssuingAccount": issuer, **grant} for grant in result["Grants"]]}


@checks("kms", "RevokeGrant")
def _revoke(call: Call) -> None:
    key = _key(call)
    if key is not None and call.params["GrantId"] not in key.grants:
        raise AwsError("NotFoundException", f"Grant ID {call.params['GrantId']} not found")


@handles("kms", "DescribeKey")
def _describe(call: Call) -> Mapping[str, Any]:
    """AWS's own keys (alias/aws/...), which moto makes on their first use and gives to the customer."""
    result, key = call.forward(), _key(call)
    if key is not None and _is_aws(key):
        return {"KeyMetadata": {**result["KeyMetadata"], "KeyManager": "AWS"}}
    return result


def _is_aws(key: Any) -> bool:
    return any(alias.startswith("alias/aws/") for alias in key.aliases)


@checks("kms", "ScheduleKeyDeletion", "PutKeyPolicy", "DisableKey", "CreateAlias", "UpdateAlias", "TagResource")
def _aws_key(call: Call) -> None:
    key = _key(call)
    if key is not None and _is_aws(key):
        raise AwsError("AccessDeniedException", f"{key.arn} is managed by AWS and can't be changed.")


@handles("kms", "EnableKeyRotation")
def _enable_rotation(call: Call) -> Mapping[str, Any]:
    result = call.forward()
    key = _key(call)
    if key is not None:
        call.objects("rotation")[key.id] = call.get("RotationPeriodInDays", _ROTATION_DAYS)
    return result


@handles("kms", "GetKeyRotationStatus")
def _rotation(call: Call) -> Mapping[str, Any]:
    result, key = call.forward(), _key(call)
    if key is None or not result.get("KeyRotationEnabled"):
        return result
    return {
        **result,
        "KeyId": key.arn,
        "RotationPeriodInDays": call.objects("rotation").get(key.id, _ROTATION_DAYS),
    }
