"""From the budget's spec to the documents and filters that AWS takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from components.base.arns import arn
from components.base.tags import STACK_TAG
from components.budget.spec import Measure

if TYPE_CHECKING:
    from components.base.context import StackContext
    from components.budget.spec import BudgetSpec

PUBLISHERS = {"budgets": "budgets.amazonaws.com", "costalerts": "costalerts.amazonaws.com"}
"""Who publishes to the topic: Budgets and Cost Anomaly Detection. A key that encrypts the topic must let both use it.
Source: Cost Management User Guide, "Creating an Amazon SNS topic" for budgets and for anomaly notifications."""

# Source: AWS Budgets API, NotificationType.
NOTIFICATION_TYPES = {Measure.ACTUAL: "ACTUAL", Measure.FORECAST: "FORECASTED"}


@dataclass(frozen=True)
class NotificationPlan:
    """One of the budget's notifications."""

    notification_type: str
    percent: int


def notifications(spec: BudgetSpec) -> tuple[NotificationPlan, ...]:
    """The budget's notifications, in the order of the alerts."""
    return tuple(NotificationPlan(NOTIFICATION_TYPES[alert.of], alert.percent) for alert in spec.alerts)


@dataclass(frozen=True)
class SubscriptionPlan:
    """One subscription to anomalies: how often, and who is told (`SNS`: the topic, `EMAIL`: the addresses)."""

    name: str
    frequency: str
    kind: str


SUBSCRIPTIONS = (SubscriptionPlan("topic", "IMMEDIATE", "SNS"), SubscriptionPlan("emails", "DAILY", "EMAIL"))
"""AWS sends single anomalies to topics only and digests to e-mail addresses only, hence two.
Source: Cost Explorer API, AnomalySubscription.Frequency."""


def stack_filter(context: StackContext) -> str:
    """What the budget counts: resources with the stack's tag, so that stacks in one account don't count each other.

    Source: AWS Budgets API, cost filter `TagKeyValue`: `user:<key>$<value>`. Values of one filter are alternatives, so
    that a second tag would widen it.
    """
    return f"user:{STACK_TAG}${context.tags[STACK_TAG]}"


def monitor(kind: Literal["services", "stack"], context: StackContext) -> dict[str, Any]:
    """What the anomaly monitor watches: all services of the account, or what carries the stack's tag."""
    if kind == "services":
        return {"monitor_type": "DIMENSIONAL", "monitor_dimension": "SERVICE"}
    return {"monitor_type": "CUSTOM", "monitor_specification": json.dumps(monitor_specification(context))}


def monitor_specification(context: StackContext) -> dict[str, Any]:
    """Costs with the stack's tag.

    The empty fields are part of it: AWS returns them, and any difference replaces the monitor, which then has to learn
    the stack's habits anew. Source: Terraform AWS provider, `aws_ce_anomaly_monitor`, example of a custom monitor.
    """
    return {
        "And": None,
        "CostCategories": None,
        "Dimensions": None,
        "Not": None,
        "Or": None,
        "Tags": {"Key": STACK_TAG, "MatchOptions": None, "Values": [context.tags[STACK_TAG]]},
    }


def topic_policy(topic_arn: str, context: StackContext) -> dict[str, Any]:
    """Who may publish: both services, for this account, and nobody else in the world."""
    sources = {
        "budgets": {
            "ArnLike": {"aws:SourceArn": arn("budgets", context.region, context.account, "*", global_service=True)}
        }
    }
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": f"Publish{name.capitalize()}",
                "Effect": "Allow",
                "Principal": {"Service": principal},
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": context.account}, **sources.get(name, {})},
            }
            for name, principal in PUBLISHERS.items()
        ],
    }
