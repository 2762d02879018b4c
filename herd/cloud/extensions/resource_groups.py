"""Resource groups of capacity reservations, which `herd.cloud.seed` puts there; moto has the other kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import _ec2_capacity as capacity
from herd.cloud.extensions import handles
from herd.cloud.wire import Call


@handles("resource-groups", "ListGroupResources")
def _list(call: Call) -> Mapping[str, Any]:
    name = str(call.get("Group") or call.get("GroupName") or "")
    arn = name if name.startswith("arn:") else world.arn(call, "resource-groups", f"group/{name}")
    members = capacity.in_group(call.account, call.region, arn)
    if not members:
        from moto.resourcegroups.models import resourcegroups_backends  # noqa: PLC0415

        if arn not in resourcegroups_backends[call.account][call.region].groups.by_arn:
            raise AwsError("NotFoundException", f"Cannot find group: {name}")
        return call.forward()
    held = capacity.reservations(call.account, call.region)
    arns = [held[each]["CapacityReservationArn"] for each in members]
    found = [{"ResourceArn": each, "ResourceType": "AWS::EC2::CapacityReservation"} for each in arns]
    return {"Resources": [{"Identifier": each} for each in found], "ResourceIdentifiers": found}
