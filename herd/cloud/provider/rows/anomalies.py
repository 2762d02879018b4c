"""Cost anomalies and cost allocation tags."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Find, Read, Row
from herd.cloud.provider.rows.common import listed_tags
from herd.cloud.provider.scope import Scope

CE_TAGS = {"create": "ResourceTags", "tags_param": "ResourceTags", "keys_param": "ResourceTagKeys"}


def _specification(scope: Scope) -> Any:
    text = scope.inputs.get("monitorSpecification")
    return _without_nulls(json.loads(text)) if isinstance(text, str) else None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _with_nulls(scope: Scope) -> None:
    # The real provider writes the answer with every field of the API's structure, empty ones as null.
    if (found := scope.found.get("MonitorSpecification")) is not None:
        scope.outputs["monitorSpecification"] = json.dumps(_expression(found))


def _expression(found: Mapping[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = dict.fromkeys(("And", "CostCategories", "Dimensions", "Not", "Or", "Tags"))
    for key, value in found.items():
        if key in {"And", "Or"}:
            whole[key] = [_expression(item) for item in value]
        elif key == "Not":
            whole[key] = _expression(value)
        else:
            whole[key] = {"Key": None, "MatchOptions": None, "Values": None, **value}
    return whole


MONITOR = Row(
    type="aws:costexplorer/anomalyMonitor:AnomalyMonitor",
    service="ce",
    create=Call("create_anomaly_monitor", {"AnomalyMonitor.MonitorSpecification": _specification}, takes=None),
    id="$result.MonitorArn",
    reads=(
        Read(
            Call("get_anomaly_monitors", {"MonitorArnList": ["$id"]}),
            "AnomalyMonitors[0]",
            {
                "name": "MonitorName",
                "monitorType": "MonitorType",
                "monitorDimension": "MonitorDimension",
                "monitorSpecification": "MonitorSpecification",
            },
        ),
    ),
    updates=(
        Change(("name",), (Call("update_anomaly_monitor", {"MonitorArn": "$id", "MonitorName": "$inputs.name"}),)),
    ),
    delete=(Call("delete_anomaly_monitor", {"MonitorArn": "$id"}),),
    names={
        "name": "AnomalyMonitor.MonitorName",
        "monitorType": "AnomalyMonitor.MonitorType",
        "monitorDimension": "AnomalyMonitor.MonitorDimension",
        "monitorSpecification": "",
    },
    outputs={"arn": "$id"},
    name=AutoName(),
    tags=listed_tags(("ResourceArn", "$id"), found="ResourceTags", **CE_TAGS),
    documents=("monitorSpecification",),
    after_read=_with_nulls,
    find=Find(Call("get_anomaly_monitors"), "AnomalyMonitors[].MonitorArn"),
    is_global=True,
)


def _expression_names() -> dict[str, str]:
    """Names inside a threshold expression, which nests once."""
    names: dict[str, str] = {}
    for prefix in ("thresholdExpression", *(f"thresholdExpression.{k}" for k in ("ands", "ors", "not"))):
        names |= {
            f"{prefix}.ands": "And",
            f"{prefix}.ors": "Or",
            f"{prefix}.not": "Not",
            f"{prefix}.dimension": "Dimensions",
            f"{prefix}.costCategory": "CostCategories",
            f"{prefix}.tags": "Tags",
        }
    return names


UPDATABLE = ("frequency", "monitorArnLists", "subscribers", "thresholdExpression")


def _updated_subscription(scope: Scope, params: dict[str, Any]) -> None:
    """The update call takes at its top what the create call takes inside AnomalySubscription."""
    whole, _ = scope.params(SUBSCRIPTION.create)
    inner = whole["AnomalySubscription"]
    params |= {key: inner[key] for key in ("Subscribers", "ThresholdExpression") if key in inner}


SUBSCRIPTION = Row(
    type="aws:costexplorer/anomalySubscription:AnomalySubscription",
    service="ce",
    create=Call("create_anomaly_subscription", takes=None),
    id="$result.SubscriptionArn",
    reads=(
        Read(
            Call("get_anomaly_subscriptions", {"SubscriptionArnList": ["$id"]}),
            "AnomalySubscriptions[0]",
            {
                "name": "SubscriptionName",
                "frequency": "Frequency",
                "monitorArnLists": "MonitorArnList",
                "subscribers": "Subscribers",
                "thresholdExpression": "ThresholdExpression",
                "accountId": "AccountId",
            },
        ),
    ),
    updates=(
        Change(
            UPDATABLE,
            (
                Call(
                    "update_anomaly_subscription",
                    {
                        "SubscriptionArn": "$id",
                        "Frequency": "$inputs.frequency",
                        "MonitorArnList": "$inputs.monitorArnLists",
                    },
                    finish=_updated_subscription,
                ),
            ),
        ),
    ),
    delete=(Call("delete_anomaly_subscription", {"SubscriptionArn": "$id"}),),
    names={
        "name": "AnomalySubscription.SubscriptionName",
        **{
            n: f"AnomalySubscription.{n[0].upper()}{n[1:]}"
            for n in ("frequency", "subscribers", "thresholdExpression", "accountId")
        },
        "monitorArnLists": "AnomalySubscription.MonitorArnList",
        **_expression_names(),
    },
    outputs={"arn": "$id"},
    name=AutoName(),
    tags=listed_tags(("ResourceArn", "$id"), found="ResourceTags", **CE_TAGS),
    find=Find(Call("get_anomaly_subscriptions"), "AnomalySubscriptions[].SubscriptionArn"),
    is_global=True,
)


def _status(scope: Scope) -> list[dict[str, Any]]:
    return [{"TagKey": scope.inputs.get("tagKey") or scope.id, "Status": scope.inputs.get("status")}]


SET_STATUS = Call("update_cost_allocation_tags_status", {"CostAllocationTagsStatus": _status})
ALLOCATION_TAG = Row(
    type="aws:costexplorer/costAllocationTag:CostAllocationTag",
    service="ce",
    create=SET_STATUS,
    id="$inputs.tagKey",
    # The key updates in place upstream: the new key is activated and the resource's id stays behind.
    reads=(
        Read(
            Call("list_cost_allocation_tags", {"TagKeys": [lambda scope: scope.given("tagKey") or scope.id]}),
            "CostAllocationTags[0]",
            {"tagKey": "TagKey"},
        ),
    ),
    updates=(Change(("status", "tagKey"), (SET_STATUS,)),),
    delete=(
        Call(
            "update_cost_allocation_tags_status",
            {
                "CostAllocationTagsStatus": lambda scope: [
                    {"TagKey": scope.given("tagKey") or scope.id, "Status": "Inactive"}
                ]
            },
        ),
    ),
    natural=True,
    is_global=True,
)

ROWS = (MONITOR, SUBSCRIPTION, ALLOCATION_TAG)
