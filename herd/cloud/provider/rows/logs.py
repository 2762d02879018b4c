"""CloudWatch log groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Read, Row
from herd.cloud.provider.rows.common import listed_tags
from herd.cloud.provider.scope import Scope


def _group(scope: Scope, answer: Mapping[str, Any]) -> Any:
    return next((g for g in answer["logGroups"] if g["logGroupName"] == scope.id), None)


def _set_retention(scope: Scope) -> None:
    days = scope.inputs.get("retentionInDays")
    if days:
        scope.run("put_retention_policy", logGroupName=scope.id, retentionInDays=days)
    elif scope.state.get("retentionInDays"):
        scope.run("delete_retention_policy", logGroupName=scope.id)


def _set_key(scope: Scope) -> None:
    key = scope.inputs.get("kmsKeyId")
    if key:
        scope.run("associate_kms_key", logGroupName=scope.id, kmsKeyId=key)
    else:
        scope.run("disassociate_kms_key", logGroupName=scope.id)


LOG_GROUP = Row(
    type="aws:cloudwatch/logGroup:LogGroup",
    service="logs",
    create=Call("create_log_group", takes=None),
    id="$inputs.name",
    reads=(Read(Call("describe_log_groups", {"logGroupNamePrefix": "$id"}), "logGroups[0]", select=_group),),
    updates=(
        Change(("retentionInDays",), _set_retention, at_create=True),
        Change(("kmsKeyId",), _set_key),
    ),
    delete=(Call("delete_log_group", {"logGroupName": "$id"}, when=lambda scope: not scope.given("skipDestroy")),),
    names={"name": "logGroupName"},
    outputs={
        # The API's ARN ends in a wildcard that the provider's output doesn't have.
        "arn": lambda scope: scope.arn("logs", f"log-group:{scope.id}"),
        "retentionInDays": lambda scope: scope.found.get("retentionInDays", 0),
    },
    defaults={"retentionInDays": 0, "skipDestroy": False},
    name=AutoName(),
    tags=listed_tags(
        ("resourceArn", "$state.arn"), found="tags", create="tags", form="map", tags_param="tags", keys_param="tagKeys"
    ),
    natural=True,
    fixed=("skipDestroy",),
)

ROWS = (LOG_GROUP,)
