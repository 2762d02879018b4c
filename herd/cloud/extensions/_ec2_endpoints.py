"""VPC endpoints: services that exist, types they come in, private DNS, subnets; what they hold while they live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks, handles
from herd.cloud.extensions._ec2_held import move_routes
from herd.cloud.extensions._ec2_network import _AFTER_TOKEN, _once
from herd.cloud.wire import Call

# Region -> endpoint service -> types it comes in; AWS's own list, as moto carries it.
_SERVICES: dict[str, dict[str, frozenset[str]]] = {}


def _services(call: Call) -> dict[str, frozenset[str]]:
    if call.region not in _SERVICES:
        backend = world.ec2(call)
        details = backend.describe_vpc_endpoint_services([], {}, 10_000, None, call.region)["servicesDetails"]
        found: dict[str, set[str]] = {}
        for service in details:
            kinds = found.setdefault(service["ServiceName"], set())
            kinds.update(kind["ServiceType"] for kind in service.get("ServiceType", []))
        _SERVICES[call.region] = {name: frozenset(kinds) for name, kinds in found.items()}
    return _SERVICES[call.region]


def _check(call: Call) -> None:
    name, kind = call.params["ServiceName"], call.get("VpcEndpointType", "Gateway")
    types = _services(call).get(name)
    # Services that other accounts offer have generated names; nobody here can offer one.
    if types is None:
        raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    if kind not in types:
        raise AwsError(
            "InvalidParameter",
            f"Endpoint type ({kind}) does not match available service types ([{', '.join(sorted(types))}]).",
        )
    if kind == "Interface":
        _check_interface(call)


def _check_interface(call: Call) -> None:
    vpc = world.ec2(call).vpcs.get(call.params["VpcId"])
    if vpc is None:
        return
    if call.get("PrivateDnsEnabled", True) and not (
        _on(vpc, "enable_dns_support") and _on(vpc, "enable_dns_hostnames")
    ):
        raise AwsError(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for "
            f"{vpc.id}",
        )
    zones = set()
    for identifier in call.get("SubnetIds") or []:
        found = world.subnet(call, identifier)
        if found is None or found.vpc_id != vpc.id:
            raise AwsError("InvalidSubnetId.NotFound", f"The subnet ID '{identifier}' does not exist in {vpc.id}")
        if found.availability_zone in zones:
            raise AwsError("DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone.")
        zones.add(found.availability_zone)
    for identifier in call.get("SecurityGroupIds") or []:
        if world.security_group(call, identifier) is None:
            raise AwsError("InvalidGroup.NotFound", f"The security group '{identifier}' does not exist")
    name = call.params["ServiceName"]
    for other in world.ec2(call).vpc_end_points.values():
        same = (other.vpc_id, other.service_name) == (vpc.id, name) and other.vpc_endpoint_type == "Interface"
        if same and other.state != "deleted" and other.private_dns_enabled and call.get("PrivateDnsEnabled", True):
            raise AwsError(
                "InvalidParameter",
                f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name} in "
                f"the VPC {vpc.id}",
            )


def _on(vpc: Any, attribute: str) -> bool:
    return str(getattr(vpc, attribute, "false")).lower() == "true"


_AFTER_TOKEN["CreateVpcEndpoint"] = (_check,)


@handles("ec2", "CreateVpcEndpoint")
def _create(call: Call) -> Mapping[str, Any]:
    result: Mapping[str, Any] = _once(call) or {}
    endpoint = world.ec2(call).vpc_end_points.get(result["VpcEndpoint"]["VpcEndpointId"])
    if endpoint is not None:
        # moto fails on deleting an endpoint whose type was left to the default, and gives its interfaces no groups.
        endpoint.vpc_endpoint_type = endpoint.vpc_endpoint_type or "Gateway"
        _wear_groups(call, endpoint)
    return {"VpcEndpoint": {"VpcEndpointType": "Gateway", **result["VpcEndpoint"]}}


def _wear_groups(call: Call, endpoint: Any) -> None:
    backend = world.ec2(call)
    groups = [world.security_group(call, identifier) for identifier in endpoint.security_group_ids or []]
    for identifier in endpoint.network_interface_ids:
        interface = backend.enis.get(identifier)
        if interface is not None and groups:
            interface._group_set = [group for group in groups if group is not None]  # noqa: SLF001 - no setter


@handles("ec2", "ModifyVpcEndpoint")
def _modify(call: Call) -> Mapping[str, Any]:
    endpoint = world.ec2(call).vpc_end_points.get(call.params["VpcEndpointId"])
    if endpoint is None or endpoint.state == "deleted":
        raise _missing(call.params["VpcEndpointId"])
    before, tables = set(endpoint.subnet_ids or []), set(endpoint.route_table_ids or [])
    result = call.forward()
    if endpoint.vpc_endpoint_type == "Gateway":
        move_routes(call, endpoint, tables)
    if endpoint.vpc_endpoint_type == "Interface":
        _move_interfaces(call, endpoint, before)
        _wear_groups(call, endpoint)
    return result


def _move_interfaces(call: Call, endpoint: Any, before: set[str]) -> None:
    """One network interface in each subnet; moto changes the list of subnets alone."""
    backend, after = world.ec2(call), set(endpoint.subnet_ids or [])
    for identifier in list(endpoint.network_interface_ids):
        interface = backend.enis.get(identifier)
        if interface is None or interface.subnet.id not in after:
            backend.enis.pop(identifier, None)
            endpoint.network_interface_ids.remove(identifier)
    for subnet_id in sorted(after - before):
        endpoint.network_interface_ids.append(
            world.create_interface(call, subnet_id, list(endpoint.security_group_ids or []), "VPC Endpoint Interface")
        )


@checks("ec2", "DeleteVpcEndpoints")
def _check_delete(call: Call) -> None:
    endpoints = world.ec2(call).vpc_end_points
    for identifier in call.get("VpcEndpointIds") or []:
        if identifier not in endpoints:
            raise _missing(identifier)


@handles("ec2", "DeleteVpcEndpoints")
def _delete(call: Call) -> Mapping[str, Any]:
    result = call.forward()
    # AWS forgets a deleted endpoint; moto would list it for ever.
    for identifier in call.get("VpcEndpointIds") or []:
        world.ec2(call).vpc_end_points.pop(identifier, None)
    return result


def _missing(identifier: str) -> AwsError:
    return AwsError("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{identifier}' does not exist")
