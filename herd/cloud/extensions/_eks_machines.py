"""The machines of a node group: its Auto Scaling group, the capacity and the addresses that its nodes take."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import HANDLERS
from herd.cloud.extensions._ec2_capacity import give_back, held, reservations, take
from herd.cloud.extensions._eks_held import Held
from herd.cloud.extensions._eks_templates import Machine
from herd.cloud.wire import Call

CLOSING: Final = "Amazon EKS Node Group Capacity Scaledown Before Reservation End"
EMPTIES_EARLY: Final = timedelta(minutes=40)
_MARKETS = {"on-demand": "On-Demand", "spot": "Spot", "capacity-block": "On-Demand"}
# A describe may heal a group, and describes don't wait for each other at the gateway.
_LOCK = threading.RLock()


def asg_name(group: Held) -> str:
    """The name of a node group's Auto Scaling group."""
    return str(group["resources"]["autoScalingGroups"][0]["name"])


def _autoscaling(call: Call) -> Any:
    from moto.autoscaling.models import autoscaling_backends  # noqa: PLC0415

    return autoscaling_backends[call.account][call.region]


def make_group(call: Call, group: Held) -> None:
    """The Auto Scaling group of a node group; it starts no instances of moto's, its nodes are counted alone."""
    name, subnets = asg_name(group), group["subnets"]
    tags = {
        "eks:cluster-name": group["clusterName"],
        "eks:nodegroup-name": group["nodegroupName"],
        f"kubernetes.io/cluster/{group['clusterName']}": "owned",
    }
    template = group.get("launchTemplate") or _own_template(call, group, tags)
    _autoscaling(call).create_auto_scaling_group(
        name=name,
        availability_zones=[],
        desired_capacity=0,
        max_size=0,
        min_size=0,
        launch_config_name="",
        launch_template={"LaunchTemplateId": template["id"], "Version": template["version"]},
        vpc_zone_identifier=",".join(subnets),
        default_cooldown=None,
        health_check_period=None,
        health_check_type="EC2",
        load_balancers=[],
        target_group_arns=[],
        placement_group=None,
        termination_policies=[],
        tags=[{"key": key, "value": value, "propagate_at_launch": "true"} for key, value in tags.items()],
    )
    size_group(call, group)


def _own_template(call: Call, group: Held, tags: dict[str, str]) -> dict[str, str]:
    """EKS makes a launch template of its own where the request names none."""
    made = world.ec2(call).create_launch_template(asg_name(group), "", {}, {"launch-template": tags})
    group["_own_template"] = made.name
    return {"id": made.id, "version": "1"}


def size_group(call: Call, group: Held) -> None:
    """Say in the Auto Scaling group how many nodes there are to be."""
    held_group = _autoscaling(call).autoscaling_groups[asg_name(group)]
    sizes = group["scalingConfig"]
    held_group.min_size, held_group.max_size = sizes["minSize"], sizes["maxSize"]
    held_group.desired_capacity = sizes["desiredSize"]


def sizes(call: Call, group: Held) -> dict[str, int]:
    """The sizes that the Auto Scaling group has now."""
    found = _autoscaling(call).autoscaling_groups[asg_name(group)]
    return {"minSize": found.min_size, "maxSize": found.max_size, "desiredSize": found.desired_capacity}


def close_in_time(call: Call, group: Held, machine: Machine) -> None:
    """EKS empties a group of a capacity block before EC2 does, so that pods can move.

    Source: Amazon EKS User Guide, "Create a managed node group with Capacity Blocks for ML".
    """
    block = reservations(call.account, call.region).get(machine.reservation or "", {})
    if machine.market != "capacity-block" or "EndDate" not in block:
        return
    action = {
        "AutoScalingGroupName": asg_name(group),
        "ScheduledActionName": CLOSING,
        "StartTime": block["EndDate"] - EMPTIES_EARLY,
        "MinSize": 0,
        "DesiredCapacity": 0,
    }
    HANDLERS["autoscaling", "PutScheduledUpdateGroupAction"](replace(call, service="autoscaling", params=action))


def drop_group(call: Call, group: Held) -> None:
    """Give everything back, and take the Auto Scaling group away."""
    give_back(call, asg_name(group))
    _settle_addresses(call, group, {})
    if "_own_template" in group:
        world.ec2(call).delete_launch_template(group["_own_template"], None)
    _autoscaling(call).autoscaling_groups.pop(asg_name(group), None)


def running(call: Call, group: Held) -> int:
    """How many nodes a group has."""
    return held(call, asg_name(group))


def launch(call: Call, group: Held, machine: Machine) -> Held | None:
    """Bring a group to its desired size, as far as there is capacity; the health issue if it isn't far enough."""
    with _LOCK:
        wanted, have = int(group["scalingConfig"]["desiredSize"]), running(call, group)
        if have > wanted:
            give_back(call, asg_name(group), have - wanted)
        _settle_addresses(call, group, _kept(group.get("_placed", {}), running(call, group)), machine.addresses)
        return _grow(call, group, machine, wanted)


def relaunch(call: Call, group: Held, machine: Machine, surge: int) -> Held | None:
    """Replace every node by one of this machine, with so many more at a time; the health issue if that can't be."""
    with _LOCK:
        zone = world.subnet(call, group["subnets"][0])
        if surge and running(call, group) and zone is not None:
            refusal = _take(call, asg_name(group), machine, zone.availability_zone, surge)
            if refusal is not None:
                return _launch_failure(asg_name(group), machine, refusal)
        give_back(call, asg_name(group))
        _settle_addresses(call, group, {})
        return launch(call, group, machine)


def _kept(placed: dict[str, int], have: int) -> dict[str, int]:
    """Where the nodes that are still there are; those that went were the last to come."""
    kept = {}
    for subnet, count in placed.items():
        kept[subnet] = min(count, have)
        have -= kept[subnet]
    return kept


def _grow(call: Call, group: Held, machine: Machine, wanted: int) -> Held | None:
    name, subnets = asg_name(group), [world.subnet(call, each) for each in group["subnets"]]
    placed: dict[str, int] = dict(group.get("_placed", {}))
    short = wanted - running(call, group)
    issue = None
    for index, subnet in enumerate(subnets):
        if short <= 0 or subnet is None:
            break
        # Spread over the zones; what a zone can't give is not tried in another (containers-roadmap, issue 2204).
        share = -(-short // (len(subnets) - index))
        free = int(subnet.available_ip_address_count) // machine.addresses
        refusal = _take(call, name, machine, subnet.availability_zone, min(share, free))
        got = running(call, group) - sum(placed.values())
        placed[subnet.id] = placed.get(subnet.id, 0) + got
        _settle_addresses(call, group, placed, machine.addresses)
        short -= share
        if refusal is not None:
            issue = issue or _launch_failure(name, machine, refusal)
        elif free < share:
            issue = issue or _issue(
                "InsufficientFreeAddresses",
                "Amazon Autoscaling was unable to launch instances because there are not enough free addresses in the "
                "subnet associated with your AutoScaling group(s).",
                subnet.id,
            )
    return issue


def _take(call: Call, holder: str, machine: Machine, zone: str, count: int) -> AwsError | None:
    refusal = None
    for kind in machine.types:
        common: dict[str, Any] = {
            "instance_type": kind,
            "zone": zone,
            "market": machine.market,
            "reservation": machine.reservation,
            "group": machine.group,
            "preference": machine.preference,
            "placement_group": machine.placement_group,
        }
        refusal = take(call, holder, count=count, **common)
        if refusal is None:
            return None
    # Auto Scaling launches what it can get, and asks for the rest again.
    while count and take(call, holder, count=1, **common) is None:
        count -= 1
    return refusal if count else None


def _launch_failure(name: str, machine: Machine, refusal: AwsError) -> Held:
    market = _MARKETS[machine.market]
    text = f"Could not launch {market} Instances. {refusal.code} - {refusal.message} Launching EC2 instance failed."
    return _issue("AsgInstanceLaunchFailures", text, name)


def _issue(code: str, message: str, resource: str) -> Held:
    return {"code": code, "message": message, "resourceIds": [resource]}


def _settle_addresses(call: Call, group: Held, placed: dict[str, int], each: int = 1) -> None:
    """Take addresses of the nodes from their subnets, and give those of nodes that went back: counts, not addresses."""
    before: dict[str, int] = group.get("_addresses", {})
    after = {subnet: count * each for subnet, count in placed.items() if count}
    for identifier in {*before, *after}:
        subnet = world.subnet(call, identifier)
        if subnet is not None:
            subnet._available_ip_addresses += before.get(identifier, 0) - after.get(identifier, 0)  # noqa: SLF001
    group["_placed"], group["_addresses"] = dict(placed), after
