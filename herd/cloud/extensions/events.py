"""EventBridge: schedule expressions, which moto stores unread."""

from __future__ import annotations

from herd.cloud import schedules
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks
from herd.cloud.wire import Call

_TARGETS = 5


@checks("events", "PutRule")
def _rule(call: Call) -> None:
    expression = call.get("ScheduleExpression")
    if not expression and not call.get("EventPattern"):
        raise AwsError("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if expression and schedules.problem(expression):
        raise AwsError("ValidationException", "Parameter ScheduleExpression is not valid.")


@checks("events", "PutTargets")
def _targets(call: Call) -> None:
    if len(call.params["Targets"]) > _TARGETS:
        raise AwsError("LimitExceededException", f"A rule can have {_TARGETS} targets.")
