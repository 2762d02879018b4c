"""AWS Budgets: budgets, notifications, subscribers, tags. Global: one set per account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import handles
from herd.cloud.state import GLOBAL
from herd.cloud.wire import Call

_NOTIFICATIONS = 5
_EMAILS = 10
_TOPICS = 1
_COST_TYPES = {
    **dict.fromkeys(
        (
            "IncludeCredit",
            "IncludeDiscount",
            "IncludeOtherSubscription",
            "IncludeRecurring",
            "IncludeRefund",
            "IncludeSubscription",
            "IncludeSupport",
            "IncludeTax",
            "IncludeUpfront",
        ),
        True,
    ),
    "UseAmortized": False,
    "UseBlended": False,
}
# Whether a budget has to say an amount: all but the utilization and coverage kinds in percent do.
_SPEND_KINDS = ("COST", "USAGE")


def _budgets(call: Call) -> dict[str, Any]:
    if call.params.get("AccountId", call.account) != call.account:
        raise AwsError("AccessDeniedException", f"Account {call.account} can't act for {call.params['AccountId']}.")
    return call.objects("budget", GLOBAL)


def _entry(call: Call, name: str) -> dict[str, Any]:
    entry: dict[str, Any] | None = _budgets(call).get(name)
    if entry is None:
        raise AwsError("NotFoundException", f"Unable to get budget: {name} - the budget doesn't exist.")
    return entry


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def _checked(budget: dict[str, Any]) -> dict[str, Any]:
    if budget["BudgetType"] in _SPEND_KINDS and not any(
        budget.get(name) for name in ("BudgetLimit", "PlannedBudgetLimits", "AutoAdjustData")
    ):
        raise _invalid(
            "Unable to create/update budget - please provide one of the followings: Budget Limit/ Planned Budget "
            "Limit/ Auto Adjust Data"
        )
    limit = budget.get("BudgetLimit") or {}
    if limit and float(limit["Amount"]) <= 0:
        raise _invalid("Unable to create/update budget - BudgetLimit Amount must be greater than 0.")
    if limit and budget["BudgetType"] == "COST" and limit["Unit"] != "USD":
        raise _invalid(f"Unable to create/update budget - invalid unit for a cost budget: {limit['Unit']}")
    if budget.get("CostFilters") and budget.get("FilterExpression"):
        raise _invalid("Unable to create/update budget - give CostFilters or FilterExpression, not both.")
    first = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    # "2087-06-15T00:00:00Z" is what AWS fills in.
    period = {"Start": first, "End": datetime(2087, 6, 15, tzinfo=UTC), **(budget.get("TimePeriod") or {})}
    if period["Start"] >= period["End"]:
        raise _invalid("Unable to create/update budget - TimePeriod Start must be before End.")
    whole = {
        **budget,
        "TimePeriod": period,
        "LastUpdatedTime": world.now(),
        "CalculatedSpend": {"ActualSpend": {"Amount": "0", "Unit": limit.get("Unit", "USD")}},
        "HealthStatus": {"Status": "HEALTHY", "LastUpdatedTime": world.now()},
    }
    if budget["BudgetType"] == "COST" and not budget.get("Metrics"):
        whole["CostTypes"] = {**_COST_TYPES, **(budget.get("CostTypes") or {})}
    return whole


@handles("budgets", "CreateBudget")
def _create(call: Call) -> None:
    budgets, budget = _budgets(call), call.params["Budget"]
    name = budget["BudgetName"]
    if name in budgets:
        raise AwsError("DuplicateRecordException", f"Error creating budget: {name} - the budget already exists.")
    entry = {"budget": _checked(budget), "notifications": [], "tags": call.get("ResourceTags") or []}
    for each in call.get("NotificationsWithSubscribers") or []:
        _add_notification(entry, each["Notification"], each["Subscribers"])
    budgets[name] = entry


@handles("budgets", "DescribeBudget")
def _describe(call: Call) -> Mapping[str, Any]:
    return {"Budget": _entry(call, call.params["BudgetName"])["budget"]}


@handles("budgets", "DescribeBudgets")
def _list(call: Call) -> Mapping[str, Any]:
    budgets = [entry["budget"] for entry in _budgets(call).values()]
    shown, token = world.page(budgets, call.get("NextToken"), call.get("MaxResults"))
    return {"Budgets": shown, "NextToken": token}


@handles("budgets", "UpdateBudget")
def _update(call: Call) -> None:
    budget = call.params["NewBudget"]
    entry = _entry(call, budget["BudgetName"])
    entry["budget"] = _checked(budget)


@handles("budgets", "DeleteBudget")
def _delete(call: Call) -> None:
    name = call.params["BudgetName"]
    if name not in _budgets(call):
        raise AwsError(
            "NotFoundException",
            f"Unable to delete budget: {name} - the budget doesn't exist. Try creating it first. ",
        )
    del _budgets(call)[name]


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    def key(notification: Mapping[str, Any]) -> tuple[Any, ...]:
        return (
            notification["NotificationType"],
            notification["ComparisonOperator"],
            float(notification["Threshold"]),
            notification.get("ThresholdType", "PERCENTAGE"),
        )

    return key(one) == key(other)


def _add_notification(entry: dict[str, Any], notification: dict[str, Any], subscribers: list[dict[str, Any]]) -> None:
    if any(_same(each["notification"], notification) for each in entry["notifications"]):
        raise AwsError("DuplicateRecordException", "Unable to create notification - the notification already exists.")
    if len(entry["notifications"]) >= _NOTIFICATIONS:
        raise AwsError("CreationLimitExceededException", f"A budget can have {_NOTIFICATIONS} notifications.")
    made = {"notification": {"ThresholdType": "PERCENTAGE", **notification}, "subscribers": []}
    for subscriber in subscribers:
        _add_subscriber(made, subscriber)
    entry["notifications"].append(made)


def _add_subscriber(holder: dict[str, Any], subscriber: dict[str, Any]) -> None:
    kind, address = subscriber["SubscriptionType"], subscriber["Address"]
    if subscriber in holder["subscribers"]:
        raise AwsError("DuplicateRecordException", f"Unable to create subscriber - {address} already exists.")
    if (kind == "EMAIL") != ("@" in address) or (kind == "SNS") != address.startswith("arn:"):
        raise _invalid(f"Unable to create subscriber - invalid {kind} address: {address}")
    limit = _EMAILS if kind == "EMAIL" else _TOPICS
    if sum(each["SubscriptionType"] == kind for each in holder["subscribers"]) >= limit:
        raise AwsError("CreationLimitExceededException", f"A notification can have {limit} {kind} subscriber(s).")
    holder["subscribers"].append(subscriber)


def _notification(call: Call, name: str = "Notification") -> dict[str, Any]:
    entry = _entry(call, call.params["BudgetName"])
    for each in entry["notifications"]:
        if _same(each["notification"], call.params[name]):
            found: dict[str, Any] = each
            return found
    raise AwsError("NotFoundException", "Unable to find the notification - it doesn't exist.")


@handles("budgets", "CreateNotification")
def _create_notification(call: Call) -> None:
    _add_notification(_entry(call, call.params["BudgetName"]), call.params["Notification"], call.params["Subscribers"])


@handles("budgets", "UpdateNotification")
def _update_notification(call: Call) -> None:
    _notification(call, "OldNotification")["notification"] = {
        "ThresholdType": "PERCENTAGE",
        **call.params["NewNotification"],
    }


@handles("budgets", "DeleteNotification")
def _delete_notification(call: Call) -> None:
    _entry(call, call.params["BudgetName"])["notifications"].remove(_notification(call))


@handles("budgets", "DescribeNotificationsForBudget")
def _notifications(call: Call) -> Mapping[str, Any]:
    found = [each["notification"] for each in _entry(call, call.params["BudgetName"])["notifications"]]
    shown, token = world.page(found, call.get("NextToken"), call.get("MaxResults"))
    return {"Notifications": shown, "NextToken": token}


@handles("budgets", "DescribeSubscribersForNotification")
def _subscribers(call: Call) -> Mapping[str, Any]:
    shown, token = world.page(_notification(call)["subscribers"], call.get("NextToken"), call.get("MaxResults"))
    return {"Subscribers": shown, "NextToken": token}


@handles("budgets", "CreateSubscriber")
def _create_subscriber(call: Call) -> None:
    _add_subscriber(_notification(call), call.params["Subscriber"])


@handles("budgets", "DeleteSubscriber", "UpdateSubscriber")
def _change_subscriber(call: Call) -> None:
    holder = _notification(call)
    old = call.params["Subscriber" if call.operation == "DeleteSubscriber" else "OldSubscriber"]
    if old not in holder["subscribers"]:
        raise AwsError("NotFoundException", f"Unable to find the subscriber {old['Address']}.")
    if len(holder["subscribers"]) == 1 and call.operation == "DeleteSubscriber":
        raise _invalid("Unable to delete subscriber - a notification needs at least one.")
    holder["subscribers"].remove(old)
    if call.operation == "UpdateSubscriber":
        _add_subscriber(holder, call.params["NewSubscriber"])


@handles("budgets", "TagResource", "UntagResource", "ListTagsForResource")
def _tags(call: Call) -> Mapping[str, Any]:
    entry = _entry(call, call.params["ResourceARN"].split(":budget/", 1)[-1])
    tags = {tag["Key"]: tag["Value"] for tag in entry["tags"]}
    if call.operation == "TagResource":
        tags |= {tag["Key"]: tag["Value"] for tag in call.params["ResourceTags"]}
    elif call.operation == "UntagResource":
        tags = {key: value for key, value in tags.items() if key not in call.params["ResourceTagKeys"]}
    entry["tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"ResourceTags": entry["tags"]} if call.operation == "ListTagsForResource" else {}
