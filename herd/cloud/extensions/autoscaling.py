"""EC2 Auto Scaling: scheduled actions that fire by the cloud's clock, sizes that fit each other, names used once.

A node group's Auto Scaling group is made by EKS: its machines are counted in the ledger of `_ec2_capacity`, and whoever
made it hears of a new size through `on_resize`. Groups that others make are moto's, with its instances.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from herd.cloud import clock, cron, world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks, handles
from herd.cloud.extensions._ec2_capacity import held
from herd.cloud.wire import Call

Resized = Callable[[Call, str], None]
Action = dict[str, Any]

_MOST_ACTIONS = 125
_NODE_GROUP = "eks:nodegroup-name"
_HOOKS: list[Resized] = []
# A describe may let an action fire, and describes don't wait for each other at the gateway.
_LOCK = threading.RLock()


def on_resize(function: Resized) -> Resized:
    """Call a function with the request and the name of every node group's Auto Scaling group that gets a new size."""
    _HOOKS.append(function)
    return function


def sizes(call: Call, name: str) -> tuple[int, int, int] | None:
    """Minimum, maximum and desired size of a group now; None if there is no such group."""
    settle(call)
    found = _groups(call).get(name)
    return None if found is None else (found.min_size, found.max_size, found.desired_capacity)


def _groups(call: Call) -> dict[str, Any]:
    from moto.autoscaling.models import autoscaling_backends  # noqa: PLC0415

    groups: dict[str, Any] = autoscaling_backends[call.account][call.region].autoscaling_groups
    return groups


def _actions(call: Call) -> dict[tuple[str, str], Action]:
    from herd.cloud.state import store  # noqa: PLC0415 - `call.objects` is of the service that was called

    actions: dict[Any, Action] = store("autoscaling.scheduled_action", call.account, call.region)
    return actions


def settle(call: Call) -> None:
    """Let every scheduled action fire whose time has come, in the order of their times."""
    with _LOCK:
        actions, groups, present = _actions(call), _groups(call), clock.now()
        for key in [key for key in actions if key[0] not in groups]:
            del actions[key]
        due = [(moment, key) for key, action in actions.items() if (moment := _due(action, present))]
        for moment, key in sorted(due):
            action = actions[key]
            action["_ran"] = moment
            if "Recurrence" not in action:
                # AWS forgets an action that fires once (hashicorp/terraform-provider-aws, issue 19446).
                del actions[key]
            resize(call, key[0], action)


def _due(action: Action, present: datetime) -> datetime | None:
    start, end = action.get("StartTime"), action.get("EndTime")
    if "Recurrence" not in action:
        return start if start and start <= present else None
    zone = ZoneInfo(action.get("TimeZone") or "UTC")
    until = min(present, end) if end else present
    if start and start > until:
        return None
    since = max([action["_ran"], *([start] if start and action.get("_given_start") else [])])
    last = cron.parse(action["Recurrence"]).last(until.astimezone(zone), since.astimezone(zone))
    return _utc(last)


def resize(call: Call, name: str, wanted: Mapping[str, Any]) -> None:
    """Give a group the sizes that are named (MinSize, MaxSize, DesiredCapacity); a desired size follows the others."""
    group = _groups(call)[name]
    group.min_size = wanted.get("MinSize", group.min_size)
    group.max_size = wanted.get("MaxSize", group.max_size)
    desired = wanted.get("DesiredCapacity", group.desired_capacity)
    desired = min(max(desired, group.min_size), max(group.max_size, group.min_size))
    if not _is_of_node_group(group):
        group.set_desired_capacity(desired)
        return
    group.desired_capacity = desired
    for hook in _HOOKS:
        hook(call, name)


def _is_of_node_group(group: Any) -> bool:
    return any(tag.get("key", tag.get("Key")) == _NODE_GROUP for tag in group.tags or [])


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def _check_sizes(minimum: int | None, maximum: int | None, desired: int | None) -> None:
    for name, value in (("min", minimum), ("max", maximum), ("desired", desired)):
        if value is not None and value < 0:
            raise _invalid(f"The {name} size must not be negative, but is {value}")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise _invalid(f"Min bound, {minimum}, must be less than or equal to max bound, {maximum}")
    below = desired is not None and minimum is not None and desired < minimum
    above = desired is not None and maximum is not None and desired > maximum
    if below or above:
        raise _invalid(
            f"Desired capacity:{desired} must be between the specified min size:{minimum} and max size:{maximum}"
        )


def _group(call: Call) -> Any:
    name = call.params["AutoScalingGroupName"]
    found = _groups(call).get(name)
    if found is None:
        raise _invalid(f"Group {name} not found")
    return found


@handles("autoscaling", "PutScheduledUpdateGroupAction")
def _put(call: Call) -> None:
    settle(call)
    group, actions = _group(call), _actions(call)
    key = (group.name, call.params["ScheduledActionName"])
    given = {name: value for name, value in call.params.items() if value is not None}
    given["StartTime"] = given.pop("StartTime", None) or given.pop("Time", None)
    _check_sizes(given.get("MinSize"), given.get("MaxSize"), given.get("DesiredCapacity"))
    if not {"MinSize", "MaxSize", "DesiredCapacity"} & given.keys():
        raise _invalid("At least one of MinSize, MaxSize or DesiredCapacity must be specified")
    action = {**given, **_times(given)}
    same = [
        each
        for each, other in actions.items()
        if each[0] == group.name and each != key and other["StartTime"] == action["StartTime"]
    ]
    if same:
        raise AwsError(
            "AlreadyExists",
            f"The scheduled action {same[0][1]} with the start time {action['StartTime']} already exists",
        )
    if key not in actions and sum(each[0] == group.name for each in actions) >= _MOST_ACTIONS:
        raise AwsError("LimitExceeded", f"A group can have {_MOST_ACTIONS} scheduled actions at most")
    arn = world.arn(call, "autoscaling", f"scheduledUpdateGroupAction:{_uuid(*key)}:autoScalingGroupName/{key[0]}")
    actions[key] = {**action, "ScheduledActionARN": f"{arn}:scheduledActionName/{key[1]}", "_ran": clock.now()}


def _times(given: Mapping[str, Any]) -> dict[str, Any]:
    """When an action fires first and last; the first of a recurring one without a start is the next of its times."""
    present, times = clock.now(), {name: _utc(given.get(name)) for name in ("StartTime", "EndTime")}
    start, end = times["StartTime"], times["EndTime"]
    for name, moment in (("start", start), ("end", end)):
        if moment is not None and moment <= present:
            raise _invalid(f"Given {name} time is in the past")
    if start and end and end <= start:
        raise _invalid("Start time must be before end time")
    shown: dict[str, Any] = {"EndTime": end} if end else {}
    zone = _zone(given.get("TimeZone"))
    if not given.get("Recurrence"):
        if start is None:
            raise _invalid("Recurrence or start time must be specified")
        return {**shown, "StartTime": start}
    try:
        schedule = cron.parse(given["Recurrence"])
    except ValueError as error:
        raise _invalid(f"Given recurrence string: {given['Recurrence']} is invalid: {error}") from error
    first = schedule.next(present.astimezone(zone))
    return {
        **shown,
        "StartTime": start or (first.astimezone(UTC) if first else None),
        "_given_start": start is not None,
    }


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _invalid(f"Given time zone {name} is invalid") from error


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(microsecond=0) if moment else None


def _uuid(*parts: str) -> str:
    text = hashlib.sha256("/".join(parts).encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


@handles("autoscaling", "DescribeScheduledActions")
def _describe(call: Call) -> Mapping[str, Any]:
    settle(call)
    group, names = call.get("AutoScalingGroupName"), call.get("ScheduledActionNames") or []
    if group:
        _group(call)
    shown = [
        {name: value for name, value in {**action, "StartTime": _next(action)}.items() if not name.startswith("_")}
        for key, action in sorted(_actions(call).items())
        if (not group or key[0] == group) and (not names or key[1] in names)
    ]
    return {"ScheduledUpdateGroupActions": [{**each, "Time": each["StartTime"]} for each in shown]}


def _next(action: Action) -> datetime | None:
    """AWS shows the next time of a recurring action as its start."""
    start: datetime | None = action["StartTime"]
    if "Recurrence" not in action or (start and start > clock.now()):
        return start
    zone = ZoneInfo(action.get("TimeZone") or "UTC")
    following = cron.parse(action["Recurrence"]).next(clock.now().astimezone(zone))
    return _utc(following) or start


@handles("autoscaling", "DeleteScheduledAction")
def _delete(call: Call) -> None:
    settle(call)
    name = call.params["ScheduledActionName"]
    if _actions(call).pop((_group(call).name, name), None) is None:
        raise _invalid("Scheduled action name not found")


@checks("autoscaling", "CreateAutoScalingGroup")
def _create_group(call: Call) -> None:
    name = call.params["AutoScalingGroupName"]
    if name in _groups(call):
        raise AwsError("AlreadyExists", f"AutoScalingGroup by this name already exists - A group with the name {name}")
    _check_sizes(call.get("MinSize"), call.get("MaxSize"), call.get("DesiredCapacity"))


@handles("autoscaling", "UpdateAutoScalingGroup", "SetDesiredCapacity")
def _change_group(call: Call) -> Mapping[str, Any] | None:
    settle(call)
    group = _group(call)
    wanted = {name: call.get(name) for name in ("MinSize", "MaxSize", "DesiredCapacity") if call.get(name) is not None}
    minimum, maximum = wanted.get("MinSize", group.min_size), wanted.get("MaxSize", group.max_size)
    _check_sizes(minimum, maximum, wanted.get("DesiredCapacity"))
    if not _is_of_node_group(group):
        return call.forward()
    resize(call, group.name, wanted)
    return None


@handles("autoscaling", "DescribeAutoScalingGroups")
def _describe_groups(call: Call) -> Mapping[str, Any]:
    settle(call)
    result = call.forward()
    for shown in result.get("AutoScalingGroups") or []:
        group = _groups(call).get(shown["AutoScalingGroupName"])
        if group is not None and _is_of_node_group(group):
            shown["Instances"] = _machines(call, shown)
    return result


def _machines(call: Call, shown: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the ledger says a node group has, as instances of no further substance: EC2 doesn't list them."""
    name, zones = shown["AutoScalingGroupName"], shown.get("AvailabilityZones") or [f"{call.region}a"]
    return [
        {
            "InstanceId": f"i-{hashlib.sha256(f'{name}/{number}'.encode()).hexdigest()[:17]}",
            "AvailabilityZone": zones[number % len(zones)],
            "LifecycleState": "InService",
            "HealthStatus": "Healthy",
            "ProtectedFromScaleIn": False,
        }
        for number in range(held(call, name))
    ]
