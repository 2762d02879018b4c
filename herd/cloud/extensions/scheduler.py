"""EventBridge Scheduler: expressions, time zones, windows and roles, which moto stores unread."""

from __future__ import annotations

import zoneinfo

from herd.cloud import schedules, world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks
from herd.cloud.wire import Call


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


@checks("scheduler", "CreateSchedule", "UpdateSchedule")
def _schedule(call: Call) -> None:
    expression = call.params["ScheduleExpression"]
    wrong = schedules.problem(expression, ("cron", "rate", "at"))
    if wrong:
        raise _invalid(f"Invalid Schedule Expression {expression}: {wrong}")
    zone = call.get("ScheduleExpressionTimezone")
    if zone and zone not in zoneinfo.available_timezones():
        raise _invalid(f"Invalid Schedule Expression Timezone {zone}")
    window = call.params["FlexibleTimeWindow"]
    if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
        raise _invalid("MaximumWindowInMinutes goes with a FLEXIBLE time window, and only with it.")
    if not world.role_exists(call, call.params["Target"]["RoleArn"]):
        raise _invalid(
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role: "
            f"{call.params['Target']['RoleArn']} does not exist"
        )
