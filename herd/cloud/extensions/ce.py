"""Cost Explorer: anomaly monitors and subscriptions, cost allocation tags. Global: one set per account."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import handles
from herd.cloud.state import GLOBAL
from herd.cloud.wire import Call


def _today() -> str:
    return world.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _arn(call: Call, kind: str) -> str:
    return f"arn:{world.partition(call.region)}:ce::{call.account}:{kind}/{uuid.uuid4()}"


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def _monitor(call: Call, arn: str) -> dict[str, Any]:
    monitor: dict[str, Any] | None = call.objects("monitor", GLOBAL).get(arn)
    if monitor is None:
        raise AwsError("UnknownMonitorException", f"Unknown anomaly monitor {arn}")
    return monitor


def _subscription(call: Call, arn: str) -> dict[str, Any]:
    subscription: dict[str, Any] | None = call.objects("subscription", GLOBAL).get(arn)
    if subscription is None:
        raise AwsError("UnknownSubscriptionException", f"Unknown anomaly subscription {arn}")
    return subscription


@handles("ce", "CreateAnomalyMonitor")
def _create_monitor(call: Call) -> Mapping[str, Any]:
    monitors, given = call.objects("monitor", GLOBAL), call.params["AnomalyMonitor"]
    if given["MonitorType"] == "DIMENSIONAL":
        if not given.get("MonitorDimension") or given.get("MonitorSpecification"):
            raise _invalid("A DIMENSIONAL monitor needs a MonitorDimension and no MonitorSpecification.")
        # An account has one monitor of all its services.
        if given["MonitorDimension"] == "SERVICE" and any(
            each.get("MonitorDimension") == "SERVICE" for each in monitors.values()
        ):
            raise AwsError("LimitExceededException", "Limit exceeded on dimensional spend monitor creation")
    elif not given.get("MonitorSpecification") or given.get("MonitorDimension"):
        raise _invalid("A CUSTOM monitor needs a MonitorSpecification and no MonitorDimension.")
    arn = _arn(call, "anomalymonitor")
    monitors[arn] = {**given, "MonitorArn": arn, "CreationDate": _today(), "LastUpdatedDate": _today()}
    _set_tags(call, arn, call.get("ResourceTags") or [])
    return {"MonitorArn": arn}


@handles("ce", "GetAnomalyMonitors")
def _monitors(call: Call) -> Mapping[str, Any]:
    wanted = call.get("MonitorArnList")
    found = [_monitor(call, arn) for arn in wanted] if wanted else list(call.objects("monitor", GLOBAL).values())
    shown, token = world.page(found, call.get("NextPageToken"), call.get("MaxResults"))
    return {"AnomalyMonitors": shown, "NextPageToken": token}


@handles("ce", "UpdateAnomalyMonitor")
def _update_monitor(call: Call) -> Mapping[str, Any]:
    monitor = _monitor(call, call.params["MonitorArn"])
    monitor |= {"MonitorName": call.get("MonitorName", monitor["MonitorName"]), "LastUpdatedDate": _today()}
    return {"MonitorArn": monitor["MonitorArn"]}


@handles("ce", "DeleteAnomalyMonitor")
def _delete_monitor(call: Call) -> None:
    del call.objects("monitor", GLOBAL)[_monitor(call, call.params["MonitorArn"])["MonitorArn"]]


def _check_subscription(call: Call, whole: Mapping[str, Any]) -> None:
    for arn in whole["MonitorArnList"]:
        _monitor(call, arn)
    if (whole.get("Threshold") is None) == (whole.get("ThresholdExpression") is None):
        raise _invalid("Exactly one of Threshold and ThresholdExpression is required.")
    kinds = {each.get("Type") for each in whole["Subscribers"]}
    if whole["Frequency"] == "IMMEDIATE" and kinds != {"SNS"}:
        raise _invalid("Immediate frequency only supports SNS Topic subscriptions")
    if whole["Frequency"] != "IMMEDIATE" and kinds != {"EMAIL"}:
        raise _invalid("Daily or weekly frequencies only support Email subscriptions")


@handles("ce", "CreateAnomalySubscription")
def _create_subscription(call: Call) -> Mapping[str, Any]:
    given = call.params["AnomalySubscription"]
    _check_subscription(call, given)
    arn = _arn(call, "anomalysubscription")
    subscribers = [{"Status": "CONFIRMED", **each} for each in given["Subscribers"]]
    call.objects("subscription", GLOBAL)[arn] = {
        **given,
        "Subscribers": subscribers,
        "SubscriptionArn": arn,
        "AccountId": call.account,
    }
    _set_tags(call, arn, call.get("ResourceTags") or [])
    return {"SubscriptionArn": arn}


@handles("ce", "GetAnomalySubscriptions")
def _subscriptions(call: Call) -> Mapping[str, Any]:
    wanted = call.get("SubscriptionArnList")
    everything = call.objects("subscription", GLOBAL)
    found = [_subscription(call, arn) for arn in wanted] if wanted else list(everything.values())
    if call.get("MonitorArn"):
        found = [each for each in found if call.params["MonitorArn"] in each["MonitorArnList"]]
    shown, token = world.page(found, call.get("NextPageToken"), call.get("MaxResults"))
    return {"AnomalySubscriptions": shown, "NextPageToken": token}


@handles("ce", "UpdateAnomalySubscription")
def _update_subscription(call: Call) -> Mapping[str, Any]:
    subscription = _subscription(call, call.params["SubscriptionArn"])
    changed = {**subscription, **call.params}
    # One threshold takes the other's place.
    for one, other in (("Threshold", "ThresholdExpression"), ("ThresholdExpression", "Threshold")):
        if one in call.params:
            changed.pop(other, None)
    _check_subscription(call, changed)
    subscription.clear()
    subscription |= changed
    return {"SubscriptionArn": changed["SubscriptionArn"]}


@handles("ce", "DeleteAnomalySubscription")
def _delete_subscription(call: Call) -> None:
    arn = _subscription(call, call.params["SubscriptionArn"])["SubscriptionArn"]
    del call.objects("subscription", GLOBAL)[arn]


@handles("ce", "UpdateCostAllocationTagsStatus")
def _update_allocation_tags(call: Call) -> Mapping[str, Any]:
    """Activate any key. Real AWS knows a key only about a day after it was first used."""
    tags = call.objects("allocation_tag", GLOBAL)
    for each in call.params["CostAllocationTagsStatus"]:
        kind = "AWSGenerated" if each["TagKey"].startswith("aws:") else "UserDefined"
        tags[each["TagKey"]] = {**each, "Type": kind, "LastUpdatedDate": _today(), "LastUsedDate": _today()}
    return {"Errors": []}


@handles("ce", "ListCostAllocationTags")
def _allocation_tags(call: Call) -> Mapping[str, Any]:
    found = [
        each
        for each in call.objects("allocation_tag", GLOBAL).values()
        if each["TagKey"] in call.get("TagKeys", [each["TagKey"]])
        and each["Status"] == call.get("Status", each["Status"])
        and each["Type"] == call.get("Type", each["Type"])
    ]
    shown, token = world.page(found, call.get("NextToken"), call.get("MaxResults"))
    return {"CostAllocationTags": shown, "NextToken": token}


def _set_tags(call: Call, arn: str, tags: list[dict[str, str]]) -> None:
    call.objects("tags", GLOBAL)[arn] = {tag["Key"]: tag["Value"] for tag in tags}


@handles("ce", "TagResource", "UntagResource", "ListTagsForResource")
def _tags(call: Call) -> Mapping[str, Any]:
    arn = call.params["ResourceArn"]
    if arn not in call.objects("monitor", GLOBAL) and arn not in call.objects("subscription", GLOBAL):
        return call.forward()
    tags = call.objects("tags", GLOBAL)[arn]
    if call.operation == "TagResource":
        tags |= {tag["Key"]: tag["Value"] for tag in call.params["ResourceTags"]}
    elif call.operation == "UntagResource":
        for key in call.params["ResourceTagKeys"]:
            tags.pop(key, None)
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"ResourceTags": listed} if call.operation == "ListTagsForResource" else {}
