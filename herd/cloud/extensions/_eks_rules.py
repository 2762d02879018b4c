"""What EKS demands of a cluster's settings before it makes or changes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

from herd.cloud import clock, world
from herd.cloud.errors import NOT_MODELLED, AwsError
from herd.cloud.extensions._eks_held import Held, facts, invalid, role, trusts, vpc_blocks
from herd.cloud.wire import Call

_PRIVATE = tuple(IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_DEFAULT_SERVICES = ("10.100.0.0/16", "172.20.0.0/16")
_SERVICE_PREFIX = (12, 24)
_ZONES = 2
_MOST_GROUPS = 5
_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
# Features of EKS that the stand-in has no behaviour for: refused, never taken and forgotten.
_UNMODELLED = {
    "outpostConfig": "clusters on Outposts",
    "remoteNetworkConfig": "hybrid nodes",
    "kubeApiServerConfig": "settings of the API server",
    "kubeSchedulerConfig": "settings of the scheduler",
    "kubeControllerManagerConfig": "settings of the controller manager",
}


def unmodelled(call: Call) -> None:
    """Refuse what the stand-in doesn't know.

    Raises:
        AwsError: Names it.
    """
    found = [text for parameter, text in _UNMODELLED.items() if call.get(parameter)]
    auto = [call.get("computeConfig"), (call.get("storageConfig") or {}).get("blockStorage")]
    auto.append((call.get("kubernetesNetworkConfig") or {}).get("elasticLoadBalancing"))
    if any((each or {}).get("enabled") for each in auto):
        found.append("EKS Auto Mode")
    if (call.get("kubernetesNetworkConfig") or {}).get("ipFamily") == "ipv6":
        found.append("IPv6 clusters")
    if found:
        raise AwsError(NOT_MODELLED, f"{', '.join(found)}: not modelled by the stand-in cloud.", 501)


def check_role(call: Call, role_arn: str) -> None:
    """Refuse a role that isn't there or that EKS may not assume.

    Raises:
        AwsError: EKS's refusal.
    """
    found = role(call, role_arn)
    if found is None:
        raise invalid(f"Role with arn: {role_arn}, could not be assumed because it does not exist")
    if not trusts(found, "eks.amazonaws.com", "sts:AssumeRole"):
        raise invalid(f"Role with arn: {role_arn}, could not be assumed because the trusted entity is not correct")


def minor(version: str) -> int:
    """The number after 1."""
    return int(version.partition(".")[2])


def support(name: str) -> str:
    """Under which kind of support a version is now."""
    dates, today = facts()["versions"][name], clock.now().date()
    if today < dates["standard_until"]:
        return "STANDARD_SUPPORT"
    return "EXTENDED_SUPPORT" if today < dates["extended_until"] else "UNSUPPORTED"


def version(asked: str | None) -> str:
    """The version of a cluster that asks for one.

    Raises:
        AwsError: EKS doesn't have it, not any more or not yet.
    """
    name = asked or str(facts()["default_version"])
    known = facts()["versions"].get(name)
    if known is None or known["released"] > clock.now().date() or support(name) == "UNSUPPORTED":
        raise invalid("unsupported Kubernetes version")
    return name


def network(call: Call, asked: Mapping[str, Any], name: str) -> Held:
    """The network settings of a cluster with defaults filled in.

    Raises:
        AwsError: EKS's refusal.
    """
    subnets = []
    for identifier in asked.get("subnetIds") or []:
        found = world.subnet(call, identifier)
        if found is None:
            raise invalid(f"The subnet ID '{identifier}' does not exist")
        subnets.append(found)
    if len({each.vpc_id for each in subnets}) > 1:
        raise invalid("Subnets specified must belong to the same VPC.")
    _check_zones(call, subnets, name)
    vpc_id = subnets[0].vpc_id
    groups = list(asked.get("securityGroupIds") or [])
    if len(groups) > _MOST_GROUPS:
        raise invalid(f"The maximum number of security groups per interface is {_MOST_GROUPS}.")
    for identifier in groups:
        group = world.security_group(call, identifier)
        if group is None:
            raise invalid(f"The security group '{identifier}' does not exist")
        if group.vpc_id != vpc_id:
            raise invalid(f"The security group '{identifier}' is not in the VPC '{vpc_id}' of the subnets.")
    public, private = bool(asked.get("endpointPublicAccess", True)), bool(asked.get("endpointPrivateAccess", False))
    if not public and not private:
        raise invalid("Private and public endpoint access cannot be false")
    return {
        "subnetIds": [each.id for each in subnets],
        "securityGroupIds": groups,
        "vpcId": vpc_id,
        "endpointPublicAccess": public,
        "endpointPrivateAccess": private,
        "publicAccessCidrs": _public_cidrs(asked.get("publicAccessCidrs") or ["0.0.0.0/0"]),
    }


def _check_zones(call: Call, subnets: list[Any], name: str) -> None:
    without = facts()["zones_without_control_plane"]
    for each in subnets:
        if each.availability_zone_id in without:
            raise AwsError(
                "UnsupportedAvailabilityZoneException",
                f"Cannot create cluster '{name}' because EKS does not support creating control plane instances in "
                f"{each.availability_zone}, the targeted availability zone. Retry cluster creation using control "
                "plane subnets that span at least two other availability zones.",
                400,
                validZones=sorted(
                    zone.name for zone in world.ec2(call).describe_availability_zones() if zone.zone_id not in without
                ),
            )
    if len({each.availability_zone for each in subnets}) < _ZONES:
        raise invalid("Subnets specified must be in at least two different AZs")


def _public_cidrs(cidrs: list[str]) -> list[str]:
    for text in cidrs:
        try:
            block = IPv4Network(text)
        except ValueError as error:
            raise invalid(f"The following CIDRs are invalid in publicAccessCidrs: [{text}]") from error
        if any(block.subnet_of(each) for each in _PRIVATE):
            raise invalid(f"The following CIDRs are not allowed in publicAccessCidrs: [{text}]")
    return list(cidrs)


def services(call: Call, asked: Mapping[str, Any], vpc_id: str) -> Held:
    """The service network of a cluster.

    Raises:
        AwsError: EKS's refusal.
    """
    blocks = [IPv4Network(each) for each in vpc_blocks(call, vpc_id)]
    given = asked.get("serviceIpv4Cidr")
    if given is None:
        free = (each for each in _DEFAULT_SERVICES if not any(IPv4Network(each).overlaps(b) for b in blocks))
        given = next(free, _DEFAULT_SERVICES[0])
    try:
        block = IPv4Network(given)
    except ValueError as error:
        raise invalid(f"serviceIpv4Cidr {given} is not a valid CIDR block: {error}") from error
    largest, smallest = _SERVICE_PREFIX
    if not any(block.subnet_of(each) for each in _PRIVATE) or not largest <= block.prefixlen <= smallest:
        raise invalid(
            f"serviceIpv4Cidr {given} must be between /{smallest} and /{largest} within 10.0.0.0/8, 172.16.0.0/12 or "
            "192.168.0.0/16."
        )
    clash = next((each for each in blocks if each.overlaps(block)), None)
    if clash:
        raise invalid(f"serviceIpv4Cidr {given} overlaps with the CIDR block {clash} of the VPC '{vpc_id}'.")
    return {"serviceIpv4Cidr": given, "ipFamily": "ipv4", "elasticLoadBalancing": {"enabled": False}}


def encryption(call: Call, asked: list[Mapping[str, Any]]) -> list[Held]:
    """How secrets are encrypted.

    Raises:
        AwsError: EKS's refusal.
    """
    for each in asked:
        key, resources = (each.get("provider") or {}).get("keyArn", ""), each.get("resources") or []
        if set(resources) != {"secrets"}:
            raise invalid(f"Encryption config resources must be [secrets], not {resources}")
        if not re.fullmatch(r"arn:[\w-]+:kms:[\w-]+:\d{12}:(key|alias)/.+", key):
            raise invalid(f"Key ARN in encryptionConfig provider is not valid: {key}")
        if key.split(":")[3] != call.region:
            raise invalid(f"Key ARN in encryptionConfig provider must be of the cluster's region: {key}")
        if not world.key_exists(call, key):
            raise invalid(f"Unable to describe KMS key {key}: it does not exist or is not enabled.")
    if len(asked) > 1:
        raise invalid("Encryption config can be given only once.")
    return [dict(each) for each in asked]


def access(asked: Mapping[str, Any]) -> Held:
    """How principals are let in.

    Raises:
        AwsError: EKS's refusal.
    """
    mode = asked.get("authenticationMode", "CONFIG_MAP")
    own = bool(asked.get("bootstrapClusterCreatorAdminPermissions", True))
    if mode == "CONFIG_MAP" and not own:
        raise invalid(
            "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP"
        )
    return {"bootstrapClusterCreatorAdminPermissions": own, "authenticationMode": mode}


def access_change(before: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Refuse a way back: the mode only ever moves towards the API.

    Raises:
        AwsError: EKS's refusal.
    """
    old, new = before["authenticationMode"], asked["authenticationMode"]
    if _MODES.index(new) <= _MODES.index(old):
        raise invalid(f"Unsupported authentication mode update from {old} to {new}")
