"""Scheduled actions of Auto Scaling groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from herd.cloud.provider.row import Call, Change, Read, Row
from herd.cloud.provider.rows.common import input_of
from herd.cloud.provider.scope import Scope

SIZES = ("minSize", "maxSize", "desiredCapacity")
TIMES = ("startTime", "endTime", "recurrence", "timeZone")
UNCHANGED = -1
"""What the provider takes for "leave this size as it is"; a size that is left out is 0.
Source: hashicorp/terraform-provider-aws, internal/service/autoscaling/schedule.go."""


def _size(name: str) -> Callable[[Scope], Any]:
    def evaluate(scope: Scope) -> Any:
        value = scope.given(name)
        return None if value == UNCHANGED else value or 0

    return evaluate


# Whatever the program leaves out is sent as AWS filled it in before, a start that has passed too (pulumi-aws, issue
# 2473): that is what the real provider does.
PUT = Call(
    "put_scheduled_update_group_action",
    {
        "AutoScalingGroupName": input_of("autoscalingGroupName"),
        "ScheduledActionName": input_of("scheduledActionName"),
        **{name[0].upper() + name[1:]: _size(name) for name in SIZES},
        **{name[0].upper() + name[1:]: input_of(name) for name in TIMES},
    },
)


def _sizes(scope: Scope) -> None:
    for name in SIZES:
        scope.outputs.setdefault(name, UNCHANGED)


def _first(_scope: Scope, answer: Mapping[str, Any]) -> Any:
    return next(iter(answer["ScheduledUpdateGroupActions"]), None)


SCHEDULE = Row(
    type="aws:autoscaling/schedule:Schedule",
    service="autoscaling",
    create=PUT,
    id="$inputs.scheduledActionName",
    reads=(
        Read(
            Call(
                "describe_scheduled_actions",
                {"AutoScalingGroupName": input_of("autoscalingGroupName"), "ScheduledActionNames": ["$id"]},
            ),
            "ScheduledUpdateGroupActions[0]",
            {"arn": "ScheduledActionARN"},
            select=_first,
        ),
    ),
    updates=(Change((*SIZES, *TIMES), (PUT,)),),
    delete=(
        Call(
            "delete_scheduled_action",
            {"AutoScalingGroupName": input_of("autoscalingGroupName"), "ScheduledActionName": "$id"},
        ),
    ),
    natural=True,
    after_read=_sizes,
)

ROWS = (SCHEDULE,)
