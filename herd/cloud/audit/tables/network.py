"""VPCs and what is in them. The default VPC of a region, and what AWS made in it, is nobody's."""

from __future__ import annotations

import zlib

from herd.cloud.audit.listing import Item, Listing

_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_OVER = frozenset({"deleted", "deleting", "failed"})
_EVERYWHERE = ("0.0.0.0/0", "::/0")


def _outside_default(item: Item) -> bool:
    return item.get("VpcId") not in item["_default_vpcs"]


def _own_gateway(item: Item) -> bool:
    return not any(each["VpcId"] in item["_default_vpcs"] for each in item.get("Attachments") or [])


def _own_table(item: Item) -> bool:
    # A VPC's main table is made and deleted with it.
    return _outside_default(item) and not any(each.get("Main") for each in item.get("Associations") or [])


def _own_route(item: Item) -> bool:
    # Local routes come with the table, those of gateway endpoints with the endpoint.
    return item.get("Origin") == "CreateRoute" and not str(item.get("GatewayId", "")).startswith(("local", "vpce-"))


def _route_id(item: Item) -> str:
    destination = next(item[key] for key in _DESTINATIONS if item.get(key))
    return f"r-{item['_parent']['RouteTableId']}{zlib.crc32(destination.encode())}"


def _own_group(item: Item) -> bool:
    # EKS makes a cluster's own group, and takes it away with the cluster.
    of_a_cluster = any(tag["Key"] == "aws:eks:cluster-name" for tag in item.get("Tags") or [])
    return str(item["GroupName"]) != "default" and not of_a_cluster


def _own_rule(item: Item) -> bool:
    # AWS gives every new group a rule that lets everything out; it is never tagged or described.
    everything = item.get("IsEgress") and str(item.get("IpProtocol")) == "-1"
    anywhere = item.get("CidrIpv4") in _EVERYWHERE or item.get("CidrIpv6") in _EVERYWHERE
    return not (everything and anywhere and not item.get("Tags") and not item.get("Description"))


def _ingress(item: Item) -> bool:
    return not item["IsEgress"]


def _egress(item: Item) -> bool:
    return bool(item["IsEgress"]) and _own_rule(item)


LISTINGS = (
    Listing(
        "aws:ec2/vpc:Vpc",
        "ec2",
        "describe_vpcs",
        "Vpcs",
        id="VpcId",
        tags="Tags",
        keep=lambda item: not item.get("IsDefault"),
    ),
    Listing(
        "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",
        "ec2",
        "describe_vpcs",
        "Vpcs[].CidrBlockAssociationSet[]",
        id="AssociationId",
        params={"VpcIds": "$[VpcId]"},
        over="aws:ec2/vpc:Vpc",
        # The first block is the VPC's own.
        keep=lambda item: (
            item["CidrBlock"] != item["_parent"]["CidrBlock"]
            and item["CidrBlockState"]["State"] in {"associated", "associating"}
        ),
    ),
    Listing(
        "aws:ec2/subnet:Subnet",
        "ec2",
        "describe_subnets",
        "Subnets",
        id="SubnetId",
        tags="Tags",
        keep=lambda item: not item.get("DefaultForAz"),
    ),
    Listing(
        "aws:ec2/internetGateway:InternetGateway",
        "ec2",
        "describe_internet_gateways",
        "InternetGateways",
        id="InternetGatewayId",
        tags="Tags",
        keep=_own_gateway,
    ),
    Listing("aws:ec2/eip:Eip", "ec2", "describe_addresses", "Addresses", id="AllocationId", tags="Tags"),
    Listing(
        "aws:ec2/natGateway:NatGateway",
        "ec2",
        "describe_nat_gateways",
        "NatGateways",
        id="NatGatewayId",
        tags="Tags",
        keep=lambda item: item["State"] not in _OVER,
    ),
    Listing(
        "aws:ec2/routeTable:RouteTable",
        "ec2",
        "describe_route_tables",
        "RouteTables",
        id="RouteTableId",
        tags="Tags",
        keep=_own_table,
    ),
    Listing(
        "aws:ec2/route:Route",
        "ec2",
        "describe_route_tables",
        "RouteTables[].Routes[]",
        id=_route_id,
        params={"RouteTableIds": "$[RouteTableId]"},
        over="aws:ec2/routeTable:RouteTable",
        keep=_own_route,
    ),
    Listing(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "ec2",
        "describe_route_tables",
        "RouteTables[].Associations[]",
        id="RouteTableAssociationId",
        keep=lambda item: not item.get("Main"),
    ),
    Listing(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "ec2",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        id="VpcEndpointId",
        tags="Tags",
        keep=lambda item: item["State"].lower() not in _OVER,
    ),
    Listing("aws:ec2/flowLog:FlowLog", "ec2", "describe_flow_logs", "FlowLogs", id="FlowLogId", tags="Tags"),
    Listing(
        "aws:ec2/securityGroup:SecurityGroup",
        "ec2",
        "describe_security_groups",
        "SecurityGroups",
        id="GroupId",
        name="GroupName",
        tags="Tags",
        keep=_own_group,
    ),
    Listing(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "ec2",
        "describe_security_group_rules",
        "SecurityGroupRules",
        id="SecurityGroupRuleId",
        tags="Tags",
        params={"Filters": "$[{Name: 'group-id', Values: [GroupId]}]"},
        over="aws:ec2/securityGroup:SecurityGroup",
        keep=_ingress,
    ),
    Listing(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "ec2",
        "describe_security_group_rules",
        "SecurityGroupRules",
        id="SecurityGroupRuleId",
        tags="Tags",
        params={"Filters": "$[{Name: 'group-id', Values: [GroupId]}]"},
        over="aws:ec2/securityGroup:SecurityGroup",
        keep=_egress,
    ),
)
