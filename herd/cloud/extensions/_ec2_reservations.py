"""Capacity reservations and Capacity Blocks for ML: making, changing, cancelling, listing; moto has none of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from components.base.problems import InvalidInputError, Problem
from herd.cloud import clock
from herd.cloud.errors import AwsError
from herd.cloud.extensions import _ec2_capacity as capacity
from herd.cloud.extensions import _ec2_types as types
from herd.cloud.extensions import handles
from herd.cloud.extensions._ec2_listing import matching, paged, tag_new
from herd.cloud.extensions._ec2_placement import group, group_arn, plant_group
from herd.cloud.state import store
from herd.cloud.wire import Call
from herd.cloud.world import new_id, partition

_ID = re.compile(r"cr-[0-9a-f]{8,17}")
_KINDS = ("open", "targeted", "capacity-block")
_KNOWN = frozenset({"id", "instance_type", "zone", "count", "kind", "start", "end", "placement_group", "group"})


def plant(account: str, region: str, items: Iterable[Mapping[str, Any]]) -> None:
    """Put reservations there, as if somebody had bought them before; `herd.cloud.seed` says what an item is.

    Raises:
        InvalidInputError: Items that can't be; then none was put there.
    """
    listed = list(items)
    problems = [
        Problem("", 0, f"reservations[{at}].{field}" if field else f"reservations[{at}]", message)
        for at, item in enumerate(listed)
        for field, message in _problems(region, item)
    ]
    if problems:
        raise InvalidInputError(problems)
    held, groups = capacity.store_of(account, region), store("ec2.capacity_group", account, region)
    for item in listed:
        identifier = item.get("id") or _id_in_group(item["group"], item["instance_type"], item["zone"])
        held[identifier] = _reservation(account, region, identifier, item)
        if item.get("group"):
            members = groups.setdefault(item["group"], [])
            members += [identifier] if identifier not in members else []
        if item.get("placement_group"):
            plant_group(account, region, item["placement_group"])


def _id_in_group(group: str, instance_type: str, zone: str) -> str:
    """An id for a reservation that is only known by its group: the same each time it is put there."""
    return f"cr-{hashlib.sha256(f'{group}/{instance_type}/{zone}'.encode()).hexdigest()[:17]}"


def _problems(region: str, item: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name in sorted(set(item) - _KNOWN):
        yield name, f"is not one of {', '.join(sorted(_KNOWN))}"
    kind = item.get("kind")
    if kind not in _KINDS:
        yield "kind", f"{kind!r} is not one of {', '.join(_KINDS)}"
    if not item.get("id") and not item.get("group"):
        yield "id", "is missing"
    if item.get("id") and not _ID.fullmatch(str(item["id"])):
        yield "id", f"{item['id']!r} is no reservation id such as cr-0123456789abcdef0"
    if not isinstance(item.get("count"), int) or item["count"] < 1:
        yield "count", f"must be at least 1, not {item.get('count')!r}"
    refusal = types.offer_refusal(region, str(item.get("instance_type")), str(item.get("zone")))
    if refusal:
        yield "instance_type", refusal.message
    if kind == "capacity-block":
        yield from _window_problems(item)


def _window_problems(item: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    moments = {name: _moment(item.get(name)) for name in ("start", "end")}
    for name, moment in moments.items():
        if moment is None:
            yield name, f"{item.get(name)!r} is no moment with a time zone, such as 2027-01-04T11:30:00Z"
    start, end = moments["start"], moments["end"]
    if start and end and end - start <= capacity.BLOCK_ENDS_EARLY:
        yield "end", f"must be more than {capacity.BLOCK_ENDS_EARLY} after the start"


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return moment.astimezone(UTC) if isinstance(moment, datetime) and moment.tzinfo else None


def _reservation(account: str, region: str, identifier: str, item: Mapping[str, Any]) -> dict[str, Any]:
    block, group = item["kind"] == "capacity-block", item.get("placement_group")
    present = clock.now()
    end = _moment(item["end"]) if block else None
    return {
        **blank(account, region, identifier, item["instance_type"], item["zone"], item["count"]),
        "InstanceMatchCriteria": "open" if item["kind"] == "open" else "targeted",
        "ReservationType": "capacity-block" if block else "default",
        "StartDate": (_moment(item["start"]) if block else None) or present,
        "EndDateType": "limited" if block else "unlimited",
        **({"EndDate": end, "State": "scheduled"} if end else {}),
        **({"PlacementGroupArn": group_arn(account, region, group)} if group else {}),
    }


def blank(  # noqa: PLR0917 - one argument for each thing that says what is reserved
    account: str, region: str, identifier: str, instance_type: str, zone: str, count: int
) -> dict[str, Any]:
    """An On-Demand Capacity Reservation without end, as DescribeCapacityReservations shows it."""
    present = clock.now()
    return {
        "CapacityReservationId": identifier,
        "OwnerId": account,
        "CapacityReservationArn": f"arn:{partition(region)}:ec2:{region}:{account}:capacity-reservation/{identifier}",
        "AvailabilityZone": zone,
        "AvailabilityZoneId": types.zone_ids(region)[zone],
        "InstanceType": instance_type,
        "InstancePlatform": "Linux/UNIX",
        "Tenancy": "default",
        "TotalInstanceCount": count,
        "EbsOptimized": False,
        "EphemeralStorage": False,
        "State": "active",
        "StartDate": present,
        "CreateDate": present,
        "EndDateType": "unlimited",
        "InstanceMatchCriteria": "open",
        "ReservationType": "default",
    }


_FILTERS = {
    "instance-type": "InstanceType",
    "owner-id": "OwnerId",
    "instance-platform": "InstancePlatform",
    "availability-zone": "AvailabilityZone",
    "tenancy": "Tenancy",
    "state": "State",
    "end-date-type": "EndDateType",
    "instance-match-criteria": "InstanceMatchCriteria",
    "placement-group-arn": "PlacementGroupArn",
}


def _found(call: Call, identifier: str) -> dict[str, Any]:
    if not _ID.fullmatch(identifier):
        raise AwsError("InvalidCapacityReservationId.Malformed", f'Invalid id: "{identifier}" (expecting "cr-...")')
    capacity.reservations(call.account, call.region)
    found = capacity.store_of(call.account, call.region).get(identifier)
    if found is None:
        raise AwsError(
            "InvalidCapacityReservationId.NotFound", f"The capacity reservation ID '{identifier}' does not exist."
        )
    return found


@handles("ec2", "CreateCapacityReservation")
def _create(call: Call) -> Mapping[str, Any]:
    tokens, token = call.objects("capacity_reservation_token"), call.get("ClientToken")
    if token in tokens:
        return {"CapacityReservation": capacity.reservations(call.account, call.region)[tokens[token]]}
    name, zone = call.params["InstanceType"], _zone(call)
    refusal = types.offer_refusal(call.region, name, zone) or call.shortage(name, zone)
    if refusal:
        raise refusal
    if call.params["InstanceCount"] < 1:
        raise AwsError("InvalidParameterValue", "The instance count must be at least 1.")
    end = _end(call.get("EndDateType") or "unlimited", call.get("EndDate"))
    arn = call.get("PlacementGroupArn")
    if arn and group(call, arn.rpartition("/")[2])["Strategy"] != "cluster":
        raise AwsError("InvalidParameterValue", "The placement group must use the cluster strategy.")
    identifier = new_id("cr")
    capacity.store_of(call.account, call.region)[identifier] = {
        **blank(call.account, call.region, identifier, name, zone, call.params["InstanceCount"]),
        **{key: call.get(key) for key in ("InstancePlatform", "Tenancy", "InstanceMatchCriteria") if call.get(key)},
        **{key: call.get(key) for key in ("EbsOptimized", "EphemeralStorage", "PlacementGroupArn") if call.get(key)},
        **end,
    }
    tag_new(call, "capacity-reservation", identifier)
    if token:
        tokens[token] = identifier
    return {"CapacityReservation": capacity.reservations(call.account, call.region)[identifier]}


def _zone(call: Call) -> str:
    name, identifier = call.get("AvailabilityZone"), call.get("AvailabilityZoneId")
    if bool(name) == bool(identifier):
        raise AwsError("InvalidParameterCombination", "Specify either AvailabilityZone or AvailabilityZoneId.")
    by_id = {each: zone for zone, each in types.zone_ids(call.region).items()}
    return str(name or by_id.get(identifier, identifier))


def _end(kind: str, moment: datetime | None) -> dict[str, Any]:
    if (kind == "limited") != (moment is not None):
        raise AwsError(
            "InvalidParameterCombination", "An end date must be specified with end date type limited, and only then."
        )
    if moment is None:
        return {"EndDateType": "unlimited"}
    end = moment.astimezone(UTC)
    if end <= clock.now():
        raise AwsError("InvalidParameterValue", f"The end date {end.isoformat()} is in the past.")
    return {"EndDateType": "limited", "EndDate": end}


@handles("ec2", "DescribeCapacityReservations")
def _describe(call: Call) -> Mapping[str, Any]:
    named = call.get("CapacityReservationIds") or []
    for identifier in named:
        _found(call, identifier)
    held = capacity.reservations(call.account, call.region)
    shown = [held[identifier] for identifier in named or held]
    return paged(call, "CapacityReservations", matching(call, shown, _FILTERS))


@handles("ec2", "ModifyCapacityReservation")
def _modify(call: Call) -> Mapping[str, Any]:
    found = _found(call, call.params["CapacityReservationId"])
    if found["ReservationType"] == "capacity-block" or found["State"] != "active":
        raise AwsError(
            "IncorrectState", f"The Capacity Reservation {found['CapacityReservationId']} can't be modified as it is."
        )
    count = call.get("InstanceCount")
    shown = capacity.reservations(call.account, call.region)[found["CapacityReservationId"]]
    used = shown["TotalInstanceCount"] - shown["AvailableInstanceCount"]
    if count is not None and count < max(used, 1):
        raise AwsError(
            "InvalidParameterValue", f"The instance count {count} is below the {used} instances that run in it."
        )
    if count is not None:
        found["TotalInstanceCount"] = count
    if call.get("EndDateType") or call.get("EndDate"):
        end = _end(call.get("EndDateType") or "limited", call.get("EndDate"))
        found.pop("EndDate", None)
        found.update(end)
    if call.get("InstanceMatchCriteria"):
        found["InstanceMatchCriteria"] = call.get("InstanceMatchCriteria")
    return {"Return": True}


@handles("ec2", "CancelCapacityReservation")
def _cancel(call: Call) -> Mapping[str, Any]:
    found = _found(call, call.params["CapacityReservationId"])
    if found["ReservationType"] == "capacity-block" or found["State"] not in {"active", "scheduled"}:
        raise AwsError(
            "IncorrectState", f"The Capacity Reservation {found['CapacityReservationId']} can't be cancelled as it is."
        )
    found["State"] = "cancelled"
    capacity.release(call.account, call.region, found["CapacityReservationId"])
    return {"Return": True}
