"""Instance types and the zones that offer them, from the answers of EC2 that moto ships (1,395 types, 30 regions).

Offerings are kept by zone id, which means the same in every account; the names are this cloud's own. Regions without
data (moto has none for the newest ones, China's and the government's) offer every type everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from herd.cloud.errors import AwsError


def instance_type(name: str) -> Mapping[str, Any] | None:
    """What DescribeInstanceTypes says of a type; None if there is no such."""
    from moto.ec2.models.instance_types import INSTANCE_TYPES  # noqa: PLC0415

    found: Mapping[str, Any] | None = INSTANCE_TYPES.get(name)
    return found


@cache
def zone_ids(region: str) -> Mapping[str, str]:
    """The zones of a region: name to id."""
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend  # noqa: PLC0415

    return {zone.name: zone.zone_id for zone in RegionsAndZonesBackend.zones.get(region, ())}


@cache
def _offerings(region: str) -> Mapping[str, frozenset[str]]:
    from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS  # noqa: PLC0415

    offers: dict[str, set[str]] = {}
    for each in INSTANCE_TYPE_OFFERINGS["availability-zone-id"].get(region, ()):
        offers.setdefault(each["InstanceType"], set()).add(each["Location"])
    return {name: frozenset(zones) for name, zones in offers.items()}


def offering_zones(region: str, name: str) -> list[str]:
    """The zones of a region that offer a type, by name."""
    offers, zones = _offerings(region), zone_ids(region)
    if not offers:
        return sorted(zones)
    return sorted(zone for zone, identifier in zones.items() if identifier in offers.get(name, ()))


def offered_types(region: str) -> list[str]:
    """The types that some zone of a region offers."""
    from moto.ec2.models.instance_types import INSTANCE_TYPES  # noqa: PLC0415

    return sorted(_offerings(region) or INSTANCE_TYPES)


def type_refusal(name: str) -> AwsError | None:
    """Why a machine can't be of a type: there is no such."""
    if instance_type(name) is None:
        return AwsError("InvalidParameterValue", f"Invalid value '{name}' for InstanceType.")
    return None


def offer_refusal(region: str, name: str, zone: str) -> AwsError | None:
    """Why a machine of a type can't be made in a zone; None if it can."""
    refusal = type_refusal(name)
    if refusal:
        return refusal
    if zone not in zone_ids(region):
        return AwsError("InvalidParameterValue", f"Invalid availability zone: [{zone}]")
    where = offering_zones(region, name)
    if zone in where:
        return None
    if not where:
        return AwsError(
            "Unsupported",
            "The requested configuration is currently not supported. Please check the documentation for "
            "supported configurations.",
        )
    return AwsError(
        "Unsupported",
        f"Your requested instance type ({name}) is not supported in your requested Availability Zone ({zone}). Please "
        f"retry your request by not specifying an Availability Zone or choosing {', '.join(where)}.",
    )
