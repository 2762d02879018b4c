"""Which types a region and its zones offer; moto's answer by zone name contradicts its own zone ids in some regions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud.errors import AwsError
from herd.cloud.extensions import _ec2_types as types
from herd.cloud.extensions import handles
from herd.cloud.extensions._ec2_listing import matching, paged
from herd.cloud.wire import Call


@handles("ec2", "DescribeInstanceTypeOfferings")
def _offerings(call: Call) -> Mapping[str, Any]:
    kind = call.get("LocationType") or "region"
    zones = types.zone_ids(call.region)
    shown = []
    for name in types.offered_types(call.region):
        where = types.offering_zones(call.region, name)
        if kind == "region":
            places = [call.region]
        else:
            places = where if kind == "availability-zone" else sorted(zones[each] for each in where)
        shown += [{"InstanceType": name, "LocationType": kind, "Location": place} for place in places]
    filters = {"instance-type": "InstanceType", "location": "Location"}
    return paged(call, "InstanceTypeOfferings", matching(call, shown, filters))


@handles("ec2", "DescribeInstanceTypes")
def _types(call: Call) -> Mapping[str, Any]:
    """A region knows the types it offers, and no others; moto knows all of them everywhere."""
    offered = set(types.offered_types(call.region))
    missing = [name for name in call.get("InstanceTypes") or [] if name not in offered]
    if missing:
        raise AwsError(
            "InvalidInstanceType", f"The following supplied instance types do not exist: [{', '.join(missing)}]"
        )
    result = call.forward()
    result["InstanceTypes"] = [each for each in result.get("InstanceTypes", ()) if each["InstanceType"] in offered]
    return result
