"""KMS keys, aliases and grants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Find, Read, Row
from herd.cloud.provider.rows.common import input_of, listed_tags, split
from herd.cloud.provider.scope import Scope


def _set_rotation(scope: Scope) -> None:
    if scope.inputs.get("enableKeyRotation"):
        period = scope.inputs.get("rotationPeriodInDays")
        scope.run("enable_key_rotation", KeyId=scope.id, RotationPeriodInDays=period)
    elif scope.state.get("enableKeyRotation"):
        scope.run("disable_key_rotation", KeyId=scope.id)


def _set_enabled(scope: Scope) -> None:
    enabled = scope.inputs.get("isEnabled", True)
    if enabled != scope.state.get("isEnabled"):
        scope.run("enable_key" if enabled else "disable_key", KeyId=scope.id)


KEY = Row(
    type="aws:kms/key:Key",
    service="kms",
    create=Call("create_key", takes=None, waits_for=frozenset({"MalformedPolicyDocumentException.Principal"})),
    id="$result.KeyMetadata.KeyId",
    reads=(
        Read(
            Call("describe_key", {"KeyId": "$id"}),
            "KeyMetadata",
            {"isEnabled": "Enabled", "policy": "", "deletionWindowInDays": ""},
        ),
        Read(Call("get_key_policy", {"KeyId": "$id", "PolicyName": "default"}), names={"policy": "Policy"}),
        Read(
            Call("get_key_rotation_status", {"KeyId": "$id"}),
            names={"enableKeyRotation": "KeyRotationEnabled", "rotationPeriodInDays": "RotationPeriodInDays"},
        ),
    ),
    # Enabling comes first and disabling last: a disabled key takes none of the others.
    updates=(
        Change(("isEnabled",), (Call("enable_key", {"KeyId": "$id"}, when=lambda s: s.inputs.get("isEnabled", True)),)),
        Change(("enableKeyRotation", "rotationPeriodInDays"), _set_rotation, at_create=True),
        Change(
            ("description",),
            (
                Call(
                    "update_key_description",
                    {"KeyId": "$id", "Description": lambda scope: scope.inputs.get("description", "")},
                ),
            ),
        ),
        Change(
            ("policy", "bypassPolicyLockoutSafetyCheck"),
            (
                Call(
                    "put_key_policy",
                    {"KeyId": "$id", "PolicyName": "default"},
                    takes=("policy", "bypassPolicyLockoutSafetyCheck"),
                ),
            ),
        ),
        Change(("isEnabled",), _set_enabled, at_create=True),
    ),
    delete=(Call("schedule_key_deletion", {"KeyId": "$id", "PendingWindowInDays": input_of("deletionWindowInDays")}),),
    names={"customerMasterKeySpec": "KeySpec"},
    defaults={
        "keyUsage": "ENCRYPT_DECRYPT",
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "isEnabled": True,
        "enableKeyRotation": False,
        "bypassPolicyLockoutSafetyCheck": False,
    },
    tags=listed_tags(("KeyId", "$id"), "list_resource_tags", key="TagKey", value="TagValue"),
    documents=("policy",),
    find=Find(Call("list_keys", {"Limit": 1000}), "Keys[].KeyId"),
    gone=lambda found: found.get("KeyState") in {"PendingDeletion", "PendingReplicaDeletion"},
    fixed=("deletionWindowInDays",),
    never_read=("bypassPolicyLockoutSafetyCheck", "deletionWindowInDays"),
)


def _alias(scope: Scope, answer: Mapping[str, Any]) -> Any:
    return next((a for a in answer["Aliases"] if a["AliasName"] == scope.id and a.get("TargetKeyId")), None)


def _target(scope: Scope) -> None:
    """A key's id and its ARN are the same target."""
    key = str(scope.found["TargetKeyId"])
    given = str(scope.given("targetKeyId") or "")
    alias = str(scope.outputs.get("arn", ""))
    scope.outputs["targetKeyArn"] = f"{alias.split(':alias/', maxsplit=1)[0]}:key/{key}"
    scope.outputs["targetKeyId"] = given if given.endswith(f"key/{key}") else key


ALIAS = Row(
    type="aws:kms/alias:Alias",
    service="kms",
    create=Call("create_alias", takes=None),
    id="$inputs.name",
    reads=(Read(Call("list_aliases", {"Limit": 100}), "Aliases[0]", select=_alias),),
    updates=(Change(("targetKeyId",), (Call("update_alias", takes=None),)),),
    delete=(Call("delete_alias", {"AliasName": "$id"}),),
    names={"name": "AliasName", "arn": "AliasArn"},
    name=AutoName(prefix="alias/", longest=238),
    natural=True,
    after_read=_target,
    tells=("targetKeyId",),
)

GRANT = Row(
    type="aws:kms/grant:Grant",
    service="kms",
    create=Call("create_grant", takes=None),
    id=lambda scope: scope.result and f"{scope.inputs['keyId']}:{scope.result['GrantId']}",
    reads=(
        Read(
            Call(
                "list_grants",
                {"KeyId": input_of("keyId"), "GrantId": lambda scope: scope.id.rpartition(":")[2]},
            ),
            "Grants[0]",
            only=("grantId", "granteePrincipal", "retiringPrincipal", "operations", "constraints", "name"),
        ),
    ),
    delete=(Call("revoke_grant", {"KeyId": input_of("keyId"), "GrantId": lambda scope: scope.id.rpartition(":")[2]}),),
    names={"grantCreationTokens": "GrantTokens"},
    outputs={"keyId": input_of("keyId"), "grantToken": "$result.GrantToken || state.grantToken"},
    defaults={"retireOnDelete": False},
    name=AutoName(),
    find=Find(Call("list_grants", {"KeyId": "$inputs.keyId"}), "Grants[].join(':', [KeyId, GrantId])"),
    parse=split(":", "keyId", "grantId"),
    fixed=("retireOnDelete",),
)

ROWS = (KEY, ALIAS, GRANT)
