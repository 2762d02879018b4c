"""What a node group's machines are made of: its launch template and its own settings, which may not say the same twice.

Source: Amazon EKS User Guide, "Customize managed nodes with launch templates" and "Create a managed node group with
Capacity Blocks for ML".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions._ec2_templates import template, template_problems
from herd.cloud.extensions._ec2_types import instance_type
from herd.cloud.extensions._eks_held import Held, invalid
from herd.cloud.wire import Call

_LAST_AL2 = 32
# What a launch template for a node group can't say -> what EKS answers.
_FORBIDDEN = {
    "IamInstanceProfile": "should not specify an instance profile. The noderole in your request will be used to "
    "construct an instance profile.",
    "InstanceInitiatedShutdownBehavior": "should not specify a shutdown behavior.",
    "HibernationOptions": "should not specify hibernation options.",
}


@dataclass(frozen=True)
class Machine:
    """What a node group launches.

    Attributes:
        types: Instance types, in the order in which they are tried.
        image: The template's own image; empty for one that EKS picks.
        addresses: Addresses that one node takes from its subnet: one an interface, and what the template asks for.
        placement_group, reservation, group, preference, market: How and where capacity is taken.
        template: What the node group shows of its template.
        data: The template's data.
    """

    types: tuple[str, ...]
    image: str = ""
    addresses: int = 1
    placement_group: str | None = None
    reservation: str | None = None
    group: str | None = None
    preference: str = "open"
    market: str = "on-demand"
    template: Mapping[str, str] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def machine(call: Call, asked: Mapping[str, Any], *, version: str) -> Machine:
    """What a node group of these settings launches.

    Args:
        call: The request.
        asked: Parameters of CreateNodegroup, as they are or would be.
        version: The cluster's Kubernetes version.

    Raises:
        AwsError: EKS's refusal: a contradiction, or a template that can't be launched.
    """
    aim = asked.get("launchTemplate")
    data, shown = _read(call, aim) if aim else ({}, None)
    for problem in _problems(asked, data, aim, version):
        raise invalid(problem)
    own = [data["InstanceType"]] if data.get("InstanceType") else list(asked.get("instanceTypes") or ["t3.medium"])
    _check_types(asked, own)
    if aim:
        found = template_problems(call, data, subnets=asked["subnets"], instance_types=own)
        if found and found.code != "Unsupported":  # a type that isn't offered is found out by launching
            raise invalid(f"{found.message} (Service: AmazonEC2; Error Code: {found.code})")
    target = (data.get("CapacityReservationSpecification") or {}).get("CapacityReservationTarget") or {}
    kinds = {"SPOT": "spot", "CAPACITY_BLOCK": "capacity-block"}
    return Machine(
        types=tuple(own),
        image=data.get("ImageId", ""),
        addresses=_addresses(data),
        placement_group=(data.get("Placement") or {}).get("GroupName"),
        reservation=target.get("CapacityReservationId"),
        group=target.get("CapacityReservationResourceGroupArn"),
        preference=(data.get("CapacityReservationSpecification") or {}).get("CapacityReservationPreference", "open"),
        market=kinds.get(asked.get("capacityType", ""), "on-demand"),
        template=shown,
        data=data,
    )


def _read(call: Call, aim: Mapping[str, Any]) -> tuple[dict[str, Any], Held]:
    if bool(aim.get("id")) == bool(aim.get("name")):
        raise invalid("Either provide launch template ID or launch template name in the request.")
    try:
        data = template(
            call, identifier=aim.get("id") or "", name=aim.get("name") or "", version=aim.get("version") or "$Default"
        )
    except AwsError as error:
        raise invalid(f"{error.message} (Service: AmazonEC2; Error Code: {error.code})") from error
    backend = world.ec2(call)
    identifier = aim.get("id") or backend.launch_template_name_to_ids[aim["name"]]
    held = backend.launch_templates[identifier]
    version = aim.get("version") or "$Default"
    number = {"$Default": held.default_version_number, "$Latest": held.versions[-1].number}.get(version, version)
    return data, {"id": held.id, "name": held.name, "version": str(number)}


def _problems(
    asked: Mapping[str, Any], data: Mapping[str, Any], aim: Mapping[str, Any] | None, version: str
) -> Iterator[str]:
    if aim:
        name = aim.get("id") or aim.get("name")
        yield from (f"Launch template {name} {text}" for member, text in _FORBIDDEN.items() if data.get(member))
        if any(each.get("SubnetId") for each in data.get("NetworkInterfaces") or []):
            yield f"Launch template {name} should not specify a subnet in its network interfaces."
        if asked.get("diskSize"):
            yield "Disk size must be specified within the launch template."
        if asked.get("remoteAccess"):
            yield "Remote access configuration cannot be specified with a launch template."
        if data.get("InstanceType") and asked.get("instanceTypes"):
            yield "You cannot specify instance types in both launch template and API request."
    yield from _image_problems(asked, own_image=bool(data.get("ImageId")), version=version)
    yield from _market_problems(asked, data, aim)


def _image_problems(asked: Mapping[str, Any], *, own_image: bool, version: str) -> Iterator[str]:
    kind = asked.get("amiType")
    if own_image:
        if kind not in {None, "CUSTOM"}:
            yield (
                "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template."
            )
        for member in ("releaseVersion", "version"):
            if asked.get(member):
                yield f"You cannot specify the field {member} when using custom AMIs."
    elif kind == "CUSTOM":
        yield "AMI Type CUSTOM needs an image id in a launch template."
    if kind and kind.startswith("AL2_") and int(version.partition(".")[2]) > _LAST_AL2:
        yield f"AMI Type {kind} is only supported for kubernetes versions 1.{_LAST_AL2} or earlier"
    if not own_image and asked.get("version") not in {None, version} and not asked.get("_existing"):
        yield f"Requested Nodegroup version {asked['version']} must be the cluster's, {version}."


def _market_problems(asked: Mapping[str, Any], data: Mapping[str, Any], aim: Mapping[str, Any] | None) -> Iterator[str]:
    market = (data.get("InstanceMarketOptions") or {}).get("MarketType")
    if asked.get("capacityType") != "CAPACITY_BLOCK":
        if market == "spot":
            yield "Launch template should not specify instance market options: give capacityType SPOT instead."
        if market == "capacity-block":
            yield "Launch template has market type capacity-block: capacityType must be CAPACITY_BLOCK."
        return
    target = (data.get("CapacityReservationSpecification") or {}).get("CapacityReservationTarget") or {}
    if not aim:
        yield "Capacity type CAPACITY_BLOCK needs a launch template."
        return
    if market != "capacity-block":
        yield "Capacity type CAPACITY_BLOCK needs InstanceMarketOptions with MarketType capacity-block in the template."
    if not target.get("CapacityReservationId") and not target.get("CapacityReservationResourceGroupArn"):
        yield "Capacity type CAPACITY_BLOCK needs a Capacity Block as CapacityReservationTarget in the template."
    if not data.get("InstanceType"):
        yield "Capacity type CAPACITY_BLOCK needs the instance type in the launch template."


def _check_types(asked: Mapping[str, Any], types: list[str]) -> None:
    unknown = [each for each in types if instance_type(each) is None]
    if unknown:
        raise invalid(f"The following supplied instance types do not exist: [{', '.join(unknown)}]")
    kind = asked.get("amiType")
    if not kind or kind == "CUSTOM":
        return
    arm = "ARM_64" in kind
    wrong = [each for each in types if ("arm64" in _architectures(each)) != arm]
    if wrong:
        raise invalid(f"[{', '.join(wrong)}] is not a valid instance type for requested amiType {kind}")


def _architectures(name: str) -> list[str]:
    known = instance_type(name) or {}
    found: list[str] = (known.get("ProcessorInfo") or {}).get("SupportedArchitectures", [])
    return found


def _addresses(data: Mapping[str, Any]) -> int:
    prefix = 16
    # An efa-only interface has no address.
    count = 0
    for each in data.get("NetworkInterfaces") or [{}]:
        if each.get("InterfaceType") == "efa-only":
            continue
        more = int(each.get("SecondaryPrivateIpAddressCount") or 0) + prefix * int(each.get("Ipv4PrefixCount") or 0)
        count += 1 + more
    return count
