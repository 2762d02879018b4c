"""What EC2 refuses to launch: type, image, interfaces, groups, placement, market and reservation, volumes, key pair.

The document is a RunInstances request or the data of a launch template: the members are the same. Codes are AWS's, by
the EC2 API Reference ("Error codes") or as people met them; docs/cloud.md names those that are our nearest guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import _ec2_capacity as capacity
from herd.cloud.extensions import _ec2_types as types
from herd.cloud.extensions._ec2_disks import disk_refusals
from herd.cloud.extensions._ec2_images import image
from herd.cloud.extensions._ec2_interfaces import interface_refusals, shape_refusals
from herd.cloud.extensions._ec2_placement import group
from herd.cloud.wire import Call

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Launch:
    """A launch to be judged.

    Attributes:
        call: The request; says account and region.
        document: What is to be launched.
        types: The types it may be; none if nothing says.
        zones: Where it may be; none if nothing says.
        launcher: The ARN of the service-linked role that launches; empty for whoever calls EC2.
    """

    call: Call
    document: Document
    types: Sequence[str] = ()
    zones: Sequence[str] = ()
    launcher: str = ""

    def part(self, name: str) -> Document:
        """A structure of the document."""
        found: Document = self.document.get(name) or {}
        return found

    def items(self, name: str) -> Sequence[Document]:
        """A list of the document."""
        found: Sequence[Document] = self.document.get(name) or []
        return found


def refusals(launch: Launch) -> Iterator[AwsError]:
    """Everything EC2 would refuse, in the order in which it looks."""
    for check in _CHECKS:
        yield from check(launch)


def _types(launch: Launch) -> Iterator[AwsError]:
    for name in launch.types:
        refusal = types.type_refusal(name)
        if refusal:
            yield refusal
            continue
        # A group of several zones needs one that offers the type; what is left of it is for the launch to say.
        offers = [types.offer_refusal(launch.call.region, name, zone) for zone in launch.zones]
        if offers and offers[0] is not None and None not in offers:
            yield offers[0]
    if launch.document.get("InstanceType") and launch.document.get("InstanceRequirements"):
        yield AwsError(
            "InvalidParameterCombination", "InstanceType and InstanceRequirements can't be specified together."
        )


def _known_types(launch: Launch) -> Iterator[tuple[str, Document]]:
    for name in launch.types:
        facts = types.instance_type(name)
        if facts is not None:
            yield name, facts


def _image(launch: Launch) -> dict[str, Any] | None:
    identifier = launch.document.get("ImageId")
    # An alias is looked up at launch, by whoever launches.
    return image(launch.call, identifier) if identifier and not identifier.startswith("resolve:ssm:") else None


def _images(launch: Launch) -> Iterator[AwsError]:
    try:
        found = _image(launch)
    except AwsError as error:
        yield error
        return
    for _, facts in _known_types(launch):
        own = facts["ProcessorInfo"]["SupportedArchitectures"]
        if found and found["Architecture"] and found["Architecture"] not in own:
            yield AwsError(
                "InvalidParameterValue",
                f"The architecture '{own[-1]}' of the specified instance type does not match the architecture "
                f"'{found['Architecture']}' of the specified AMI. Specify an instance type and an AMI that have "
                "matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to "
                "discover the architecture of the instance type or AMI.",
            )


def _interfaces(launch: Launch) -> Iterator[AwsError]:
    interfaces = launch.items("NetworkInterfaces")
    if interfaces and (launch.document.get("SecurityGroupIds") or launch.document.get("SecurityGroups")):
        yield AwsError(
            "InvalidParameterCombination",
            "Network interfaces and an instance-level security groups may not be specified on the same request",
        )
    if interfaces and not launch.types:
        yield from shape_refusals(interfaces)
    for name, facts in _known_types(launch):
        if interfaces:
            yield from interface_refusals(name, facts, interfaces)


def _network(launch: Launch) -> Iterator[AwsError]:
    groups = list(launch.document.get("SecurityGroupIds") or [])
    subnets = set()
    for each in launch.items("NetworkInterfaces"):
        groups += each.get("Groups") or []
        subnets |= {each["SubnetId"]} if each.get("SubnetId") else set()
    for identifier in dict.fromkeys(groups):
        if world.security_group(launch.call, identifier) is None:
            yield AwsError("InvalidGroup.NotFound", f"The security group '{identifier}' does not exist")
    for identifier in sorted(subnets):
        if world.subnet(launch.call, identifier) is None:
            yield AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{identifier}' does not exist")


def _placement(launch: Launch) -> Iterator[AwsError]:
    placement = launch.part("Placement")
    name, identifier = placement.get("GroupName"), placement.get("GroupId")
    if name and identifier:
        yield AwsError("InvalidParameterCombination", "GroupName and GroupId can't be specified together.")
    if not name and not identifier:
        return
    try:
        found = group(launch.call, name or "", identifier or "")
    except AwsError as error:
        yield error
        return
    strategy = found["Strategy"]
    if placement.get("PartitionNumber") and strategy != "partition":
        yield AwsError(
            "InvalidParameterCombination", f"PartitionNumber is not valid for a placement group of strategy {strategy}."
        )
    for each, facts in _known_types(launch):
        if strategy not in facts["PlacementGroupInfo"]["SupportedStrategies"]:
            yield AwsError(
                "InvalidParameterCombination",
                f"{strategy.capitalize()} placement groups are not supported by the '{each}' instance type. Specify a "
                "supported instance type or change the placement group strategy, and try again.",
            )


def market(document: Document) -> capacity.Market:
    """How a launch is paid for."""
    kind = (document.get("InstanceMarketOptions") or {}).get("MarketType")
    if kind is None and (document.get("InstanceMarketOptions") or {}).get("SpotOptions"):
        return "spot"
    return "spot" if kind == "spot" else "capacity-block" if kind == "capacity-block" else "on-demand"


def target(document: Document) -> tuple[str | None, str | None]:
    """The reservation a launch aims at, by id, and the resource group of reservations, by ARN."""
    wanted = (document.get("CapacityReservationSpecification") or {}).get("CapacityReservationTarget") or {}
    return wanted.get("CapacityReservationId"), wanted.get("CapacityReservationResourceGroupArn")


def _market(launch: Launch) -> Iterator[AwsError]:
    options, kind = launch.part("InstanceMarketOptions"), market(launch.document)
    if options.get("SpotOptions") and options.get("MarketType", "spot") != "spot":
        yield AwsError("InvalidParameterCombination", "SpotOptions can be specified only with the market type 'spot'.")
    for name, facts in _known_types(launch):
        if kind not in facts["SupportedUsageClasses"]:
            yield AwsError("Unsupported", f"The instance type '{name}' doesn't support the market type '{kind}'.")
    specification = launch.part("CapacityReservationSpecification")
    reservation, resource_group = target(launch.document)
    aimed = bool(reservation or resource_group)
    if aimed and specification.get("CapacityReservationPreference") in {"open", "none"}:
        yield AwsError(
            "InvalidParameterCombination",
            "CapacityReservationPreference and CapacityReservationTarget can't be specified together.",
        )
    if reservation and resource_group:
        yield AwsError(
            "InvalidParameterCombination", "Specify either a Capacity Reservation or a resource group, not both."
        )
    if kind == "spot" and aimed:
        yield AwsError("InvalidParameterCombination", "Spot Instances can't run in a Capacity Reservation.")
    if kind == "capacity-block" and not aimed:
        yield AwsError(
            "InvalidParameterCombination",
            "The market type 'capacity-block' requires a Capacity Block as the Capacity Reservation target.",
        )
    if kind == "capacity-block" and (
        launch.part("Placement").get("GroupName") or launch.part("Placement").get("GroupId")
    ):
        yield AwsError("InvalidParameterCombination", "Placement groups are not supported with Capacity Blocks.")


def _reservation(launch: Launch) -> Iterator[AwsError]:
    reservation, resource_group = target(launch.document)
    placement = launch.part("Placement").get("GroupName")
    if (reservation or resource_group) and market(launch.document) != "spot":
        yield from capacity.target_refusals(
            launch.call,
            types=launch.types,
            zones=launch.zones,
            market=market(launch.document),
            reservation=reservation,
            group=resource_group,
            placement_group=placement,
        )


def _disks(launch: Launch) -> Iterator[AwsError]:
    try:
        found = _image(launch)
    except AwsError:
        found = None
    yield from disk_refusals(launch.call, launch.items("BlockDeviceMappings"), found, launch.launcher)


def _access(launch: Launch) -> Iterator[AwsError]:
    key = launch.document.get("KeyName")
    if key and key not in world.ec2(launch.call).key_pairs:
        yield AwsError("InvalidKeyPair.NotFound", f"The key pair '{key}' does not exist")
    profile = launch.part("IamInstanceProfile")
    if profile and not world.profile_exists(launch.call, profile.get("Arn") or profile.get("Name") or ""):
        parameter = "arn" if profile.get("Arn") else "name"
        value = profile.get("Arn") or profile.get("Name")
        yield AwsError(
            "InvalidParameterValue",
            f"Value ({value}) for parameter iamInstanceProfile.{parameter} is invalid. Invalid IAM Instance Profile "
            f"{parameter}",
        )


def _tags(launch: Launch) -> Iterator[AwsError]:
    kinds = {each.get("ResourceType") for each in launch.items("TagSpecifications")}
    if "spot-instances-request" in kinds and market(launch.document) != "spot":
        yield AwsError(
            "InvalidParameterCombination",
            "You cannot specify tags for Spot instances requests if there are no Spot instances requests being created "
            "by the request.",
        )


_CHECKS: Sequence[Callable[[Launch], Iterator[AwsError]]] = (
    _types,
    _images,
    _interfaces,
    _network,
    _placement,
    _market,
    _reservation,
    _disks,
    _access,
    _tags,
)
