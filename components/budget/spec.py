"""What a stack may cost a month, and who hears when it costs more or behaves unlike itself."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from components.base.context import StackContext
from components.base.problems import Problem
from components.base.spec import Spec
from components.base.tags import STACK_TAG
from components.base.validation import FieldPath, FieldProblemsError

MOST_EMAILS, MOST_ALERTS = 10, 10
"""E-mail subscribers of one notification, and notifications of one budget. Source: AWS Budgets API, Notification."""

# Source: Cost Explorer API, Subscriber.Address; Budgets itself takes anything.
Email = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9.!#$%&'*+=?^_{|}~-]+@[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)+$")]
Dollars = Annotated[int, Field(ge=1)]


class Measure(StrEnum):
    """What an alert watches."""

    ACTUAL = "actual"
    FORECAST = "forecast"


class Alert(Spec):
    """When to speak up.

    Attributes:
        of: What has been spent, or what the month will come to.
        percent: Percent of the limit. AWS takes up to a million; beyond 1,000 it is a typing error.
    """

    of: Measure
    percent: Annotated[int, Field(ge=1, le=1000)]


class ServicesMonitor(Spec):
    """All services of the account: the one kind a member account of an organization may have, and only one of it."""

    kind: Literal["services"]


class StackMonitor(Spec):
    """What carries the stack's tag, for stacks that share an account: only the organization's payer account may."""

    kind: Literal["stack"]


class ExistingMonitor(Spec):
    """A monitor that the account has already, such as the one AWS makes for new customers: heard, never owned."""

    kind: Literal["existing"]
    arn: Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:ce::\d{12}:anomalymonitor/[0-9a-f-]{36}$")]


DEFAULT_ALERTS = (
    Alert(of=Measure.ACTUAL, percent=80),
    Alert(of=Measure.ACTUAL, percent=100),
    Alert(of=Measure.FORECAST, percent=100),
)


class BudgetSpec(Spec):
    """A monthly budget with alerts, and detection of unusual costs.

    Attributes:
        monthly_limit_usd: What the stack may cost in a month.
        emails: Who hears; Budgets and Cost Anomaly Detection write to them without asking for a confirmation.
        alerts: When the budget speaks up.
        anomaly_threshold_usd: How much more than usual, in all, makes an anomaly worth a message.
        anomaly_monitor: Whose costs are watched for anomalies.
        cost_tags: Tags that bills are told apart by; all must be tags of the stack.
        activate_tags: Whether this stack activates them for cost allocation. Only the organization's payer account may,
            and once is enough: true in one stack, the payer's longest lived.
    """

    monthly_limit_usd: Dollars
    emails: Annotated[tuple[Email, ...], Field(min_length=1, max_length=MOST_EMAILS)]
    alerts: Annotated[tuple[Alert, ...], Field(min_length=1, max_length=MOST_ALERTS)] = DEFAULT_ALERTS
    anomaly_threshold_usd: Dollars = 100
    # Source: Cost Management User Guide, "Getting started with AWS Cost Anomaly Detection", monitor types and note.
    anomaly_monitor: Annotated[ServicesMonitor | StackMonitor | ExistingMonitor, Field(discriminator="kind")] = (
        ServicesMonitor(kind="services")
    )
    cost_tags: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "project",
        STACK_TAG,
        "environment",
        "owner",
        "team",
        "cost-centre",
    )
    activate_tags: bool = False

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        found = [
            *_repeated("emails", self.emails),
            *_repeated("alerts", self.alerts),
            *_repeated("costTags", self.cost_tags),
        ]
        if STACK_TAG not in self.cost_tags:
            text = f"the budget counts what is tagged {STACK_TAG!r}, which bills only show if it is a cost tag: add it"
            found.append((("costTags",), text))
        if found:
            raise FieldProblemsError(found)
        return self

    def problems(self, context: StackContext) -> list[Problem]:
        """Cost tags that the stack doesn't have."""
        return [
            Problem(
                "", 0, "costTags", f"the stack has no tag {tag!r}", f"use tags of {', '.join(sorted(context.tags))}"
            )
            for tag in self.cost_tags
            if tag not in context.tags
        ]


def _repeated(field: str, values: Sequence[Any]) -> list[tuple[FieldPath, str]]:
    return [
        ((field, position), "is listed twice: list it once")
        for position, value in enumerate(values)
        if value in values[:position]
    ]
