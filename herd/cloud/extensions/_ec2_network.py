"""VPCs, subnets, route tables, gateways, addresses.

Error codes: Amazon EC2 API Reference, "Error codes".
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks, handles
from herd.cloud.wire import Call

_WIDEST, _NARROWEST = 16, 28
# A VPC takes no secondary block of another private range than its first, and none of 198.19.0.0/16.
# Source: VPC User Guide, "IPv4 CIDR block association restrictions".
_PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_NEVER = ipaddress.IPv4Network("198.19.0.0/16")


def _block(text: str) -> ipaddress.IPv4Network:
    # EC2 takes a block with host bits set and keeps its canonical form.
    try:
        return ipaddress.IPv4Network(text, strict=False)
    except ValueError as error:
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        ) from error


@checks("ec2", "CreateSubnet")
def _create_subnet(call: Call) -> None:
    if call.get("CidrBlock") and not _WIDEST <= _block(call.params["CidrBlock"]).prefixlen <= _NARROWEST:
        raise AwsError("InvalidSubnet.Range", f"The CIDR '{call.params['CidrBlock']}' is invalid.")


@checks("ec2", "AssociateVpcCidrBlock")
def _associate_block(call: Call) -> None:
    vpc = world.ec2(call).vpcs.get(call.params["VpcId"])
    if vpc is None or not call.get("CidrBlock"):
        return
    block = _block(call.params["CidrBlock"])
    held = [
        ipaddress.IPv4Network(each["cidr_block"], strict=False)
        for each in vpc.cidr_block_association_set
        if each["cidr_block_state"]["state"] in {"associated", "associating"}
    ]
    if not _WIDEST <= block.prefixlen <= _NARROWEST or any(block.overlaps(each) for each in held):
        raise AwsError("InvalidVpc.Range", f"The CIDR '{block}' is invalid.")
    first = next((each for each in _PRIVATE if held[0].subnet_of(each)), None)
    own = next((each for each in _PRIVATE if block.subnet_of(each)), None)
    if block.subnet_of(_NEVER) or (own is not None and own != first):
        raise AwsError(
            "InvalidVpc.Range", f"The CIDR '{block}' is restricted. Use a CIDR from the same private address range."
        )


@checks("ec2", "DeleteSubnet")
def _delete_subnet(call: Call) -> None:
    wanted = call.params["SubnetId"]
    if any(interface.subnet.id == wanted for interface in world.ec2(call).enis.values()):
        raise AwsError("DependencyViolation", f"The subnet '{wanted}' has dependencies and cannot be deleted.")


# Parameter of a route -> (where moto keeps the targets, error code, what AWS calls it).
_TARGETS = {
    "NatGatewayId": ("nat_gateways", "InvalidNatGatewayID.NotFound", "natGateway ID"),
    "VpcEndpointId": ("vpc_end_points", "InvalidVpcEndpointId.NotFound", "Vpc Endpoint Id"),
    "NetworkInterfaceId": ("enis", "InvalidNetworkInterfaceID.NotFound", "networkInterface ID"),
    "TransitGatewayId": ("transit_gateways", "InvalidTransitGatewayID.NotFound", "transitGateway ID"),
    "VpcPeeringConnectionId": (
        "vpc_pcxs",
        "InvalidVpcPeeringConnectionID.NotFound",
        "vpcPeeringConnection ID",
    ),
    "EgressOnlyInternetGatewayId": (
        "egress_only_internet_gateways",
        "InvalidEgressOnlyInternetGatewayId.NotFound",
        "egressOnlyInternetGateway ID",
    ),
}


@checks("ec2", "CreateRoute", "ReplaceRoute")
def _route(call: Call) -> None:
    backend = world.ec2(call)
    for name, (kind, code, what) in _TARGETS.items():
        wanted = call.get(name)
        if wanted is None:
            continue
        target = _known_target(backend, kind, wanted)
        if target is None or getattr(target, "state", "available") == "deleted":
            raise AwsError(code, f"The {what} '{wanted}' does not exist")
    table = backend.route_tables.get(call.params["RouteTableId"])
    gateway = backend.internet_gateways.get(call.get("GatewayId"))
    if table and gateway and (gateway.vpc is None or gateway.vpc.id != table.vpc_id):
        raise AwsError(
            "InvalidParameterValue",
            f"route table {table.id} and network gateway {gateway.id} belong to different networks",
        )
    nat = backend.nat_gateways.get(call.get("NatGatewayId"))
    if table and nat and nat.vpc_id != table.vpc_id:
        raise AwsError(
            "InvalidParameterValue", f"route table {table.id} and network gateway {nat.id} belong to different networks"
        )


def _known_target(backend: Any, kind: str, identifier: str) -> Any | None:
    if kind in {"transit_gateways", "vpc_pcxs", "egress_only_internet_gateways"}:
        held = getattr(backend, kind, {})
        listed = held if isinstance(held, dict) else {each.id: each for each in held}
        return listed.get(identifier)
    return getattr(backend, kind).get(identifier)


@checks("ec2", "DeleteRouteTable")
def _delete_table(call: Call) -> None:
    table = world.ec2(call).route_tables.get(call.params["RouteTableId"])
    if table is not None and table.main_association_id:
        raise AwsError("DependencyViolation", f"The routeTable '{table.id}' has dependencies and cannot be deleted.")


@checks("ec2", "AssociateRouteTable")
def _associate(call: Call) -> None:
    wanted = call.get("SubnetId")
    for table in world.ec2(call).route_tables.values():
        if wanted and wanted in table._associations.values():  # noqa: SLF001 - the public list adds the main one
            raise AwsError(
                "Resource.AlreadyAssociated",
                f"the specified association for route table {call.params['RouteTableId']} conflicts with an existing "
                "association",
            )


@checks("ec2", "CreateNatGateway")
def _create_nat(call: Call) -> None:
    public = call.get("ConnectivityType", "public") == "public"
    if public and not call.get("AllocationId"):
        raise AwsError("MissingParameter", "The request must include the AllocationId parameter.")
    found = world.subnet(call, call.params["SubnetId"])
    if public and found is not None:
        attached = any(
            gateway.vpc and gateway.vpc.id == found.vpc_id for gateway in world.ec2(call).internet_gateways.values()
        )
        if not attached:
            raise AwsError("Gateway.NotAttached", f"Network {found.vpc_id} has no Internet gateway attached")


@checks("ec2", "DeleteNatGateway")
def _check_delete_nat(call: Call) -> None:
    nat = world.ec2(call).nat_gateways.get(call.params["NatGatewayId"])
    if nat is None or nat.state == "deleted":
        raise AwsError("NatGatewayNotFound", f"NatGateway {call.params['NatGatewayId']} was not found")


@handles("ec2", "DeleteNatGateway")
def _delete_nat(call: Call) -> Mapping[str, Any]:
    """As AWS, give the address back and take the network interface away; moto leaves both."""
    backend = world.ec2(call)
    nat = backend.nat_gateways[call.params["NatGatewayId"]]
    result = call.forward()
    for address in backend.addresses:
        if address.eni is not None and address.eni.id == nat._eni.id:  # noqa: SLF001 - moto has no other way to it
            address.eni, address.association_id = None, None
    backend.enis.pop(nat._eni.id, None)  # noqa: SLF001
    return result


@checks("ec2", "ReleaseAddress")
def _release(call: Call) -> None:
    for address in world.ec2(call).addresses:
        if address.allocation_id == call.get("AllocationId") and address.association_id:
            raise AwsError("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")


@checks("ec2", "DetachInternetGateway")
def _detach(call: Call) -> None:
    wanted, backend = call.params["VpcId"], world.ec2(call)
    gateway = backend.internet_gateways.get(call.params["InternetGatewayId"])
    if gateway is None or gateway.vpc is None or gateway.vpc.id != wanted:
        return
    if any(address.eni is not None and address.eni.subnet.vpc_id == wanted for address in backend.addresses):
        raise AwsError(
            "DependencyViolation",
            f"Network {wanted} has some mapped public address(es). Please unmap those public address(es) before "
            "detaching the gateway.",
        )


@handles("ec2", "CreateNatGateway", "CreateVpcEndpoint", "CreateFlowLogs", "CreateRouteTable", "RunInstances")
def _once(call: Call) -> Mapping[str, Any]:
    """A request repeated with its client token gets the first one's answer; moto would make a second object."""
    token = call.get("ClientToken")
    asked = json.dumps(call.params, sort_keys=True, default=str)
    tokens = call.objects("client_token")
    key = f"{call.operation}/{token}"
    if token and key in tokens:
        if tokens[key]["asked"] != asked:
            raise AwsError("IdempotentParameterMismatch", "The client token was used with other parameters.")
        first: Mapping[str, Any] = tokens[key]["answer"]
        return first
    for check in _AFTER_TOKEN.get(call.operation, ()):
        check(call)
    answer = call.forward()
    if token:
        tokens[key] = {"asked": asked, "answer": answer}
    return answer


_AFTER_TOKEN: dict[str, tuple[Any, ...]] = {}
