"""Placement groups; moto has none. Rules: EC2 User Guide, "Placement strategies for your placement groups"."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import handles
from herd.cloud.extensions._ec2_listing import matching, tag_new, tag_store, tagged
from herd.cloud.state import store
from herd.cloud.wire import Call

SEEDED = {"Key": "herd:seeded", "Value": "true"}
"""The tag of what was there before any program ran: an audit doesn't count it."""
_MOST_GROUPS, _MOST_PARTITIONS = 500, 7
_FILTERS = {
    "group-name": "GroupName",
    "group-arn": "GroupArn",
    "state": "State",
    "strategy": "Strategy",
    "spread-level": "SpreadLevel",
}


def plant_group(account: str, region: str, name: str) -> None:
    """Put a cluster placement group there, as if somebody had made it before."""
    groups = _groups(account, region)
    if name not in groups:
        groups[name] = _group(account, region, name, {"Strategy": "cluster"})
        tag_store(account, region)[groups[name]["GroupId"]] = {SEEDED["Key"]: SEEDED["Value"]}


def group(call: Call, name: str = "", identifier: str = "") -> dict[str, Any]:
    """A placement group, by name or by id.

    Raises:
        AwsError: There is no such group.
    """
    groups = _groups(call.account, call.region)
    found = groups.get(name) or next((each for each in groups.values() if each["GroupId"] == identifier), None)
    if found is None:
        raise AwsError("InvalidPlacementGroup.Unknown", f"The Placement Group '{name or identifier}' is unknown.")
    return found


def _groups(account: str, region: str) -> dict[str, dict[str, Any]]:
    return store("ec2.placement_group", account, region)


def _group(account: str, region: str, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    identifier = hashlib.sha256(f"{account}/{region}/{name}".encode()).hexdigest()[:17]
    strategy = given["Strategy"]
    return {
        "GroupName": name,
        "GroupId": f"pg-{identifier}",
        "GroupArn": group_arn(account, region, name),
        "State": "available",
        "Strategy": strategy,
        **({"PartitionCount": given.get("PartitionCount") or _MOST_PARTITIONS} if strategy == "partition" else {}),
        **({"SpreadLevel": given.get("SpreadLevel") or "rack"} if strategy == "spread" else {}),
    }


def group_arn(account: str, region: str, name: str) -> str:
    """The ARN of a placement group."""
    return f"arn:{world.partition(region)}:ec2:{region}:{account}:placement-group/{name}"


@handles("ec2", "CreatePlacementGroup")
def _create(call: Call) -> Mapping[str, Any]:
    name, strategy = call.get("GroupName"), call.get("Strategy")
    for parameter, value in (("groupName", name), ("strategy", strategy)):
        if not value:
            raise AwsError("MissingParameter", f"The request must contain the parameter {parameter}")
    for parameter, wanted in (("PartitionCount", "partition"), ("SpreadLevel", "spread")):
        if call.get(parameter) and strategy != wanted:
            raise AwsError(
                "InvalidParameterCombination", f"{parameter} can be specified only with the {wanted} strategy."
            )
    if not 1 <= (call.get("PartitionCount") or 1) <= _MOST_PARTITIONS:
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({call.get('PartitionCount')}) for parameter partitionCount is invalid. Valid range is 1 to 7.",
        )
    groups = _groups(call.account, call.region)
    if name in groups:
        raise AwsError("InvalidPlacementGroup.Duplicate", f"The Placement Group '{name}' already exists.")
    if len(groups) >= _MOST_GROUPS:
        raise AwsError("PlacementGroupLimitExceeded", f"The maximum number of placement groups is {_MOST_GROUPS}.")
    groups[name] = _group(call.account, call.region, name, call.params)
    tag_new(call, "placement-group", groups[name]["GroupId"])
    return {"PlacementGroup": _shown(call, groups[name])}


@handles("ec2", "DescribePlacementGroups")
def _describe(call: Call) -> Mapping[str, Any]:
    names, identifiers = call.get("GroupNames") or [], call.get("GroupIds") or []
    found = [group(call, name) for name in names] + [group(call, identifier=each) for each in identifiers]
    if not names and not identifiers:
        found = list(_groups(call.account, call.region).values())
    return {"PlacementGroups": matching(call, [_shown(call, each) for each in found], _FILTERS)}


@handles("ec2", "DeletePlacementGroup")
def _delete(call: Call) -> None:
    from herd.cloud.extensions import _ec2_capacity as capacity  # noqa: PLC0415 - it plants groups with reservations

    found = group(call, call.params["GroupName"])
    name = found["GroupName"]
    occupied = any(
        lot.placement_group == name for lots in capacity.taken(call.account, call.region).values() for lot in lots
    )
    reserved = any(
        each.get("PlacementGroupArn") == found["GroupArn"] and each["State"] == "active"
        for each in capacity.reservations(call.account, call.region).values()
    )
    if occupied or reserved:
        raise AwsError("InvalidPlacementGroup.InUse", f"The placement group '{name}' is in use and may not be deleted.")
    del _groups(call.account, call.region)[name]
    tag_store(call.account, call.region).pop(found["GroupId"], None)


def _shown(call: Call, found: Mapping[str, Any]) -> dict[str, Any]:
    return {**found, "Tags": tagged(call.account, call.region, found["GroupId"])}
