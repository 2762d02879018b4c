"""AWS Budgets."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Read, Row
from herd.cloud.provider.rows.common import listed_tags, split
from herd.cloud.provider.scope import Scope


def _account(scope: Scope) -> str:
    return str(scope.given("accountId") or scope.account)


def _budget(scope: Scope) -> dict[str, Any]:
    given = scope.inputs
    budget: dict[str, Any] = {
        "BudgetName": given.get("name"),
        "BudgetType": given.get("budgetType"),
        "TimeUnit": given.get("timeUnit"),
    }
    if given.get("limitAmount") is not None:
        budget["BudgetLimit"] = {"Amount": given["limitAmount"], "Unit": given.get("limitUnit")}
    if given.get("costFilters"):
        budget["CostFilters"] = {item["name"]: item["values"] for item in given["costFilters"]}
    if given.get("costTypes"):
        budget["CostTypes"] = {k[0].upper() + k[1:]: v for k, v in given["costTypes"].items()}
    period = {"Start": given.get("timePeriodStart"), "End": given.get("timePeriodEnd")}
    if any(period.values()):
        budget["TimePeriod"] = {k: v.replace("_", "T") + ":00Z" for k, v in period.items() if isinstance(v, str)}
    return {key: value for key, value in budget.items() if value is not None}


def _notification(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "NotificationType": item["notificationType"],
        "ComparisonOperator": item["comparisonOperator"],
        "Threshold": item["threshold"],
        "ThresholdType": item.get("thresholdType", "PERCENTAGE"),
    }


def _subscribers(item: Mapping[str, Any]) -> list[dict[str, str]]:
    mails, topics = (item.get(name) or [] for name in ("subscriberEmailAddresses", "subscriberSnsTopicArns"))
    return [{"SubscriptionType": "EMAIL", "Address": a} for a in mails] + [
        {"SubscriptionType": "SNS", "Address": a} for a in topics
    ]


def _with_subscribers(scope: Scope) -> list[dict[str, Any]] | None:
    items = scope.inputs.get("notifications") or []
    return [{"Notification": _notification(i), "Subscribers": _subscribers(i)} for i in items] or None


def _of_budget(scope: Scope) -> dict[str, str]:
    return {"AccountId": _account(scope), "BudgetName": scope.id.partition(":")[2]}


def _held(scope: Scope) -> list[dict[str, Any]]:
    answer = scope.run("describe_notifications_for_budget", **_of_budget(scope))
    return list(answer.get("Notifications", []))


def _set_notifications(scope: Scope) -> None:
    for notification in _held(scope):
        keys = {k: notification[k] for k in ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")}
        scope.run("delete_notification", **_of_budget(scope), Notification=keys)
    for item in _with_subscribers(scope) or []:
        scope.run("create_notification", **_of_budget(scope), **item)


def _budget_details(scope: Scope) -> None:
    out = scope.outputs
    limit = scope.found.get("BudgetLimit") or {}
    given = str(scope.given("limitAmount") or "")
    amount = limit.get("Amount", "")
    # "1000" and "1000.0" are one limit, and AWS answers the second.
    with contextlib.suppress(ValueError):
        amount = given if float(given) == float(amount) else amount
    out |= {"limitAmount": amount, "limitUnit": limit.get("Unit", "")} if limit else {}
    filters = scope.found.get("CostFilters") or {}
    out["costFilters"] = [{"name": name, "values": values} for name, values in sorted(filters.items())]
    out["notifications"] = []
    for found in _held(scope):
        keys = {
            k: found[k] for k in ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType") if k in found
        }
        answer = scope.run("describe_subscribers_for_notification", **_of_budget(scope), Notification=keys)
        addresses: dict[str, list[str]] = {"EMAIL": [], "SNS": []}
        for subscriber in answer.get("Subscribers", []):
            addresses[subscriber["SubscriptionType"]].append(subscriber["Address"])
        item = {k[0].lower() + k[1:]: v for k, v in keys.items()}
        lists = {"subscriberEmailAddresses": addresses["EMAIL"], "subscriberSnsTopicArns": addresses["SNS"]}
        out["notifications"].append({**item, **{k: v for k, v in lists.items() if v}})


BUDGET = Row(
    type="aws:budgets/budget:Budget",
    service="budgets",
    create=Call(
        "create_budget",
        {"AccountId": _account, "Budget": _budget, "NotificationsWithSubscribers": _with_subscribers},
    ),
    id=lambda scope: f"{_account(scope)}:{scope.inputs['name']}",
    reads=(
        Read(
            Call("describe_budget", {"AccountId": _account, "BudgetName": lambda s: s.id.partition(":")[2]}),
            "Budget",
            {
                "name": "BudgetName",
                "costFilters": "",
                "notifications": "",
                "plannedLimits": "",
                "timePeriodStart": "",
                "timePeriodEnd": "",
            },
        ),
    ),
    updates=(
        Change(
            (
                "budgetType",
                "timeUnit",
                "limitAmount",
                "limitUnit",
                "costFilters",
                "costTypes",
                "timePeriodStart",
                "timePeriodEnd",
            ),
            (Call("update_budget", {"AccountId": _account, "NewBudget": _budget}),),
        ),
        Change(("notifications",), _set_notifications),
    ),
    delete=(Call("delete_budget", {"AccountId": _account, "BudgetName": lambda s: s.id.partition(":")[2]}),),
    outputs={
        "accountId": _account,
        "arn": lambda scope: scope.arn("budgets", f"budget/{scope.id.partition(':')[2]}", region=False),
    },
    name=AutoName(),
    tags=listed_tags(
        ("ResourceARN", "$state.arn"),
        found="ResourceTags",
        create="ResourceTags",
        tags_param="ResourceTags",
        keys_param="ResourceTagKeys",
    ),
    natural=True,
    after_read=_budget_details,
    tells=("limitAmount", "limitUnit", "costFilters", "notifications"),
    never_read=("timePeriodStart", "timePeriodEnd"),
    parse=split(":", "accountId", "name"),
    is_global=True,
)

ROWS = (BUDGET,)
