"""SSM parameters, Secrets Manager secrets and CodeBuild projects."""

from __future__ import annotations

from typing import Any

from herd.cloud.provider.errors import AbsentError
from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Find, Read, Row, Tags
from herd.cloud.provider.rows.common import input_of, listed_tags
from herd.cloud.provider.scope import Scope


def _value(scope: Scope) -> Any:
    return scope.inputs.get("value", scope.inputs.get("insecureValue"))


def _which_value(scope: Scope) -> None:
    """The value goes back where the program put it; the other output stays empty."""
    value = scope.outputs.pop("value", None)
    scope.outputs["insecureValue" if "insecureValue" in scope.inputs else "value"] = value


PARAMETER_INPUTS = ("type", "value", "insecureValue", "keyId", "description", "allowedPattern", "tier", "dataType")
PUT = ("name", "type", "keyId", "description", "allowedPattern", "tier", "dataType")
PARAMETER = Row(
    type="aws:ssm/parameter:Parameter",
    service="ssm",
    create=Call("put_parameter", {"Value": _value, "Overwrite": input_of("overwrite")}, takes=PUT),
    id="$inputs.name",
    reads=(
        Read(Call("get_parameter", {"Name": "$id", "WithDecryption": True}), "Parameter", {"insecureValue": ""}),
        Read(
            Call(
                "describe_parameters",
                {"ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": ["$id"]}]},
            ),
            "Parameters[0]",
            {"description": "Description", "tier": "Tier", "keyId": "KeyId", "allowedPattern": "AllowedPattern"},
        ),
    ),
    updates=(Change(PARAMETER_INPUTS, (Call("put_parameter", {"Value": _value, "Overwrite": True}, takes=PUT),)),),
    delete=(Call("delete_parameter", {"Name": "$id"}),),
    name=AutoName(),
    tags=listed_tags(
        ("ResourceId", "$id"),
        found="TagList",
        tag="add_tags_to_resource",
        untag="remove_tags_from_resource",
        extra={"ResourceType": "Parameter"},
    ),
    never_read=("overwrite",),
    volatile=("version",),
    natural=True,
    after_read=_which_value,
    tells=("value", "insecureValue"),
    fixed=("overwrite",),
)


def _set_policy(scope: Scope) -> None:
    if scope.inputs.get("policy"):
        scope.run("put_resource_policy", SecretId=scope.id, ResourcePolicy=scope.inputs["policy"])
    else:
        scope.run("delete_resource_policy", SecretId=scope.id)


def _policy(scope: Scope) -> None:
    try:
        text = scope.run("get_resource_policy", SecretId=scope.id).get("ResourcePolicy")
    except AbsentError:
        text = None
    scope.outputs["policy"] = text or ""


def _window(scope: Scope) -> int | None:
    days = scope.given("recoveryWindowInDays")
    return None if days == 0 else (days or 30)


SECRET = Row(
    type="aws:secretsmanager/secret:Secret",
    service="secretsmanager",
    create=Call(
        "create_secret", takes=("name", "description", "kmsKeyId"), waits_for=frozenset({"InvalidRequestException"})
    ),
    id="$result.ARN",
    reads=(Read(Call("describe_secret", {"SecretId": "$id"}), "", {"arn": "ARN", "policy": ""}),),
    updates=(
        Change(
            ("description", "kmsKeyId"),
            (
                Call(
                    "update_secret",
                    {"SecretId": "$id", "Description": lambda s: s.inputs.get("description", "")},
                    takes=("kmsKeyId",),
                ),
            ),
        ),
        Change(("policy",), _set_policy, at_create=True),
    ),
    delete=(
        Call(
            "delete_secret",
            {
                "SecretId": "$id",
                "RecoveryWindowInDays": _window,
                "ForceDeleteWithoutRecovery": lambda s: None if _window(s) else True,
            },
        ),
    ),
    defaults={"forceOverwriteReplicaSecret": False, "recoveryWindowInDays": 30},
    name=AutoName(),
    tags=Tags(owner=("SecretId", "$id")),
    documents=("policy",),
    never_read=("recoveryWindowInDays", "forceOverwriteReplicaSecret"),
    token="ClientRequestToken",  # noqa: S106 - the name of a parameter
    natural=True,
    find=Find(Call("describe_secret", {"SecretId": "$inputs.name"}), "[ARN]"),
    gone=lambda found: "DeletedDate" in found,
    after_read=_policy,
    tells=("policy",),
    fixed=("recoveryWindowInDays", "forceOverwriteReplicaSecret"),
)


def _set_tags(scope: Scope) -> None:
    tags = [{"key": key, "value": value} for key, value in (scope.inputs.get("tags") or {}).items()]
    scope.run("update_project", name=scope.outputs["name"], tags=tags)


PROJECT_INPUTS = (
    "artifacts",
    "badgeEnabled",
    "buildTimeout",
    "cache",
    "concurrentBuildLimit",
    "description",
    "encryptionKey",
    "environment",
    "logsConfig",
    "queuedTimeout",
    "serviceRole",
    "source",
    "sourceVersion",
    "vpcConfig",
)
PROJECT = Row(
    type="aws:codebuild/project:Project",
    service="codebuild",
    create=Call("create_project", takes=None),
    id="$result.project.arn",
    reads=(
        Read(
            Call("batch_get_projects", {"names": [lambda s: s.given("name") or s.id.rpartition("/")[2]]}), "projects[0]"
        ),
    ),
    updates=(Change(PROJECT_INPUTS, (Call("update_project", takes=("name", *PROJECT_INPUTS)),)),),
    delete=(Call("delete_project", {"name": lambda s: s.given("name") or s.id.rpartition("/")[2]}),),
    names={"buildTimeout": "timeoutInMinutes", "queuedTimeout": "queuedTimeoutInMinutes", "secondarySources": ""},
    defaults={
        "buildTimeout": 60,
        "queuedTimeout": 480,
        "badgeEnabled": False,
        "cache.type": "NO_CACHE",
        "environment.environmentVariables.type": "PLAINTEXT",
        "logsConfig.cloudwatchLogs.status": "ENABLED",
        "logsConfig.s3Logs.status": "DISABLED",
    },
    name=AutoName(),
    tags=Tags(create="tags", key="key", value="value", read="tags", hook=_set_tags),
    natural=True,
    find=Find(Call("batch_get_projects", {"names": ["$inputs.name"]}), "projects[].arn"),
)

ROWS = (PARAMETER, SECRET, PROJECT)
