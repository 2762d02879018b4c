"""VPCs, subnets, gateways and addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud.provider.row import Call, Change, Read, Row, Wait
from herd.cloud.provider.rows.common import ec2_arn, ec2_find, ec2_tags
from herd.cloud.provider.scope import Scope


def _vpc_attribute(name: str) -> Read:
    member = name[0].upper() + name[1:]
    call = Call("describe_vpc_attribute", {"VpcId": "$id", "Attribute": name})
    return Read(call, names={name: f"{member}.Value"})


def _set_vpc_attribute(name: str, *, default: bool = False) -> Change:
    member = name[0].upper() + name[1:]
    value = {f"{member}.Value": lambda scope: scope.inputs.get(name, default)}
    call = Call("modify_vpc_attribute", {"VpcId": "$id", **value})
    return Change((name,), (call,), at_create=True)


def _of_vpc(operation: str, found: str, names: Mapping[str, str], filters: Mapping[str, str]) -> Read:
    asked = {"vpc-id": "$id", **filters}
    return Read(Call(operation, {"Filters": [{"Name": k, "Values": [v]} for k, v in asked.items()]}), found, names)


VPC = Row(
    type="aws:ec2/vpc:Vpc",
    service="ec2",
    create=Call("create_vpc", takes=None),
    id="$result.Vpc.VpcId",
    reads=(
        Read(
            Call("describe_vpcs", {"VpcIds": ["$id"]}),
            "Vpcs[0]",
            {
                "ipv6CidrBlock": "Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock",
                "ipv6AssociationId": "Ipv6CidrBlockAssociationSet[0].AssociationId",
            },
        ),
        _vpc_attribute("enableDnsSupport"),
        _vpc_attribute("enableDnsHostnames"),
        _vpc_attribute("enableNetworkAddressUsageMetrics"),
        _of_vpc(
            "describe_route_tables",
            "RouteTables[0]",
            {"mainRouteTableId": "RouteTableId", "defaultRouteTableId": "RouteTableId"},
            {"association.main": "true"},
        ),
        _of_vpc(
            "describe_security_groups",
            "SecurityGroups[0]",
            {"defaultSecurityGroupId": "GroupId"},
            {"group-name": "default"},
        ),
        _of_vpc(
            "describe_network_acls", "NetworkAcls[0]", {"defaultNetworkAclId": "NetworkAclId"}, {"default": "true"}
        ),
    ),
    updates=(
        _set_vpc_attribute("enableDnsSupport", default=True),
        _set_vpc_attribute("enableDnsHostnames"),
        _set_vpc_attribute("enableNetworkAddressUsageMetrics"),
    ),
    delete=(Call("delete_vpc", {"VpcId": "$id"}),),
    names={"assignGeneratedIpv6CidrBlock": "AmazonProvidedIpv6CidrBlock"},
    outputs={"arn": ec2_arn("vpc")},
    defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
    tags=ec2_tags("vpc"),
    never_read=("assignGeneratedIpv6CidrBlock",),
    watched=("enableDnsHostnames",),
    find=ec2_find("describe_vpcs", "Vpcs[].VpcId", {"cidr": "$inputs.cidrBlock"}),
)


def _cidr_association(scope: Scope, answer: Mapping[str, Any]) -> Any:
    blocks = [b for vpc in answer["Vpcs"] for b in vpc["CidrBlockAssociationSet"] if b["AssociationId"] == scope.id]
    return {**blocks[0], "VpcId": answer["Vpcs"][0]["VpcId"]} if blocks else None


VPC_CIDR = Row(
    type="aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",
    service="ec2",
    create=Call("associate_vpc_cidr_block", takes=None),
    id="$result.CidrBlockAssociation.AssociationId",
    reads=(
        Read(
            Call(
                "describe_vpcs",
                {"Filters": [{"Name": "cidr-block-association.association-id", "Values": ["$id"]}]},
            ),
            "Vpcs[0].CidrBlockAssociationSet[0]",
            {"vpcId": "VpcId"},
            select=_cidr_association,
        ),
    ),
    delete=(Call("disassociate_vpc_cidr_block", {"AssociationId": "$id"}),),
    find=ec2_find(
        "describe_vpcs",
        "Vpcs[].CidrBlockAssociationSet[].AssociationId",
        {"cidr-block-association.cidr-block": "$inputs.cidrBlock"},
    ),
    wait=Wait("CidrBlockState.State", frozenset({"associated"}), frozenset({"failed"})),
    gone=lambda found: found.get("CidrBlockState", {}).get("State") in {"disassociated", "disassociating"},
)


def _set_subnet_attribute(name: str, parameter: str = "", *, flag: bool = True) -> Change:
    member = parameter or name[0].upper() + name[1:]
    path = f"{member}.Value" if flag else member
    value = {path: lambda scope: scope.inputs.get(name, False if flag else "ip-name")}
    return Change((name,), (Call("modify_subnet_attribute", {"SubnetId": "$id", **value}),), at_create=True)


SUBNET = Row(
    type="aws:ec2/subnet:Subnet",
    service="ec2",
    create=Call("create_subnet", takes=None),
    id="$result.Subnet.SubnetId",
    reads=(
        Read(
            Call("describe_subnets", {"SubnetIds": ["$id"]}),
            "Subnets[0]",
            {
                "arn": "SubnetArn",
                "ipv6CidrBlock": "Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock",
                "ipv6CidrBlockAssociationId": "Ipv6CidrBlockAssociationSet[0].AssociationId",
                "privateDnsHostnameTypeOnLaunch": "PrivateDnsNameOptionsOnLaunch.HostnameType",
                "enableResourceNameDnsARecordOnLaunch": "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord",
                "enableResourceNameDnsAaaaRecordOnLaunch": (
                    "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord"
                ),
            },
        ),
    ),
    updates=(
        _set_subnet_attribute("mapPublicIpOnLaunch"),
        _set_subnet_attribute("assignIpv6AddressOnCreation"),
        _set_subnet_attribute("enableDns64"),
        _set_subnet_attribute("enableResourceNameDnsARecordOnLaunch"),
        _set_subnet_attribute("enableResourceNameDnsAaaaRecordOnLaunch", "EnableResourceNameDnsAAAARecordOnLaunch"),
        _set_subnet_attribute("privateDnsHostnameTypeOnLaunch", flag=False),
    ),
    delete=(Call("delete_subnet", {"SubnetId": "$id"}),),
    outputs={"arn": ec2_arn("subnet")},
    defaults={"mapPublicIpOnLaunch": False, "assignIpv6AddressOnCreation": False},
    tags=ec2_tags("subnet"),
    find=ec2_find("describe_subnets", "Subnets[].SubnetId", {"vpc-id": "$inputs.vpcId"}),
)


def _attach(scope: Scope) -> None:
    held, wanted = scope.state.get("vpcId"), scope.inputs.get("vpcId")
    if held and held != wanted:
        scope.run("detach_internet_gateway", InternetGatewayId=scope.id, VpcId=held)
    if wanted and held != wanted:
        scope.run("attach_internet_gateway", InternetGatewayId=scope.id, VpcId=wanted)


INTERNET_GATEWAY = Row(
    type="aws:ec2/internetGateway:InternetGateway",
    service="ec2",
    create=Call("create_internet_gateway"),
    id="$result.InternetGateway.InternetGatewayId",
    reads=(
        Read(
            Call("describe_internet_gateways", {"InternetGatewayIds": ["$id"]}),
            "InternetGateways[0]",
            {"vpcId": "Attachments[0].VpcId"},
        ),
    ),
    updates=(Change(("vpcId",), _attach, at_create=True),),
    delete=(
        Call(
            "detach_internet_gateway",
            {"InternetGatewayId": "$id", "VpcId": "$state.vpcId"},
            when=lambda scope: scope.state.get("vpcId"),
            accepts=frozenset({"Gateway.NotAttached", "InvalidVpcID.NotFound"}),
        ),
        Call("delete_internet_gateway", {"InternetGatewayId": "$id"}),
    ),
    outputs={"arn": ec2_arn("internet-gateway")},
    tags=ec2_tags("internet-gateway"),
    find=ec2_find("describe_internet_gateways", "InternetGateways[].InternetGatewayId"),
)


def _associate(scope: Scope) -> None:
    if scope.state.get("associationId"):
        scope.run("disassociate_address", AssociationId=scope.state["associationId"])
    if scope.inputs.get("instance") or scope.inputs.get("networkInterface"):
        scope.run(
            "associate_address",
            AllocationId=scope.id,
            InstanceId=scope.inputs.get("instance"),
            NetworkInterfaceId=scope.inputs.get("networkInterface"),
            PrivateIpAddress=scope.inputs.get("associateWithPrivateIp"),
        )


def _public_dns(scope: Scope) -> str | None:
    address = scope.outputs.get("publicIp")
    zone = "compute-1" if scope.region == "us-east-1" else f"{scope.region}.compute"
    return f"ec2-{address.replace('.', '-')}.{zone}.amazonaws.com" if address else None


EIP = Row(
    type="aws:ec2/eip:Eip",
    service="ec2",
    create=Call("allocate_address", takes=("domain", "address", "networkBorderGroup", "publicIpv4Pool", "ipamPoolId")),
    id="$result.AllocationId",
    reads=(
        Read(
            Call("describe_addresses", {"AllocationIds": ["$id"]}),
            "Addresses[0]",
            {"privateIp": "PrivateIpAddress", "networkInterface": "NetworkInterfaceId", "instance": "InstanceId"},
        ),
    ),
    updates=(Change(("instance", "networkInterface", "associateWithPrivateIp"), _associate, at_create=True),),
    delete=(Call("release_address", {"AllocationId": "$id"}),),
    outputs={"arn": ec2_arn("elastic-ip"), "allocationId": "$id", "publicDns": _public_dns},
    defaults={"domain": "vpc"},
    tags=ec2_tags("elastic-ip"),
    never_read=("address", "associateWithPrivateIp"),
    find=ec2_find("describe_addresses", "Addresses[].AllocationId"),
)

NAT_GATEWAY = Row(
    type="aws:ec2/natGateway:NatGateway",
    service="ec2",
    create=Call("create_nat_gateway", takes=None),
    id="$result.NatGateway.NatGatewayId",
    reads=(
        Read(
            Call("describe_nat_gateways", {"NatGatewayIds": ["$id"]}),
            "NatGateways[0]",
            {
                "allocationId": "NatGatewayAddresses[0].AllocationId",
                "associationId": "NatGatewayAddresses[0].AssociationId",
                "networkInterfaceId": "NatGatewayAddresses[0].NetworkInterfaceId",
                "privateIp": "NatGatewayAddresses[0].PrivateIp",
                "publicIp": "NatGatewayAddresses[0].PublicIp",
            },
        ),
    ),
    delete=(Call("delete_nat_gateway", {"NatGatewayId": "$id"}),),
    names={"privateIp": "PrivateIpAddress"},
    defaults={"connectivityType": "public"},
    tags=ec2_tags("natgateway"),
    token="ClientToken",  # noqa: S106 - the name of a parameter
    find=ec2_find("describe_nat_gateways", "NatGateways[].NatGatewayId", {"subnet-id": "$inputs.subnetId"}),
    wait=Wait("State", frozenset({"available"})),
    gone=lambda found: found.get("State") in {"deleted", "deleting"},
)

ROWS = (VPC, VPC_CIDR, SUBNET, INTERNET_GATEWAY, EIP, NAT_GATEWAY)
