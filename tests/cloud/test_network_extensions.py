"""EC2 networks: what moto leaves behind or forgets, done as AWS does it."""

import pytest


@pytest.fixture
def ec2(cloud):
    return cloud.client("ec2")


def public_network(cloud):
    vpc, subnets = cloud.network()
    ec2 = cloud.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return vpc, subnets[0], gateway


def test_a_deleted_nat_gateway_gives_back_its_address_subnet_and_way_out(cloud, ec2):
    vpc, subnet, gateway = public_network(cloud)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    assert cloud.refused(ec2.release_address, AllocationId=address) == "InvalidIPAddress.InUse"
    assert cloud.refused(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    way = {"InternetGatewayId": gateway, "VpcId": vpc}
    assert cloud.refused(ec2.detach_internet_gateway, **way) == "DependencyViolation"
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.release_address(AllocationId=address)
    ec2.detach_internet_gateway(**way)
    ec2.delete_subnet(SubnetId=subnet)
    assert cloud.refused(ec2.delete_nat_gateway, NatGatewayId=nat) == "NatGatewayNotFound"


def test_a_route_to_a_deleted_nat_gateway_is_refused(cloud, ec2):
    vpc, subnet, _ = public_network(cloud)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": nat}
    ec2.create_route(**route)
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    ec2.delete_nat_gateway(NatGatewayId=nat)
    assert cloud.refused(ec2.create_route, **route) == "InvalidNatGatewayID.NotFound"


@pytest.mark.parametrize("what", ["nat", "endpoint"])
def test_a_repeated_token_makes_nothing_new(cloud, ec2, what):
    vpc, subnet, _ = public_network(cloud)
    if what == "nat":
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        call, params = ec2.create_nat_gateway, {"SubnetId": subnet, "AllocationId": address}
        identify = lambda answer: answer["NatGateway"]["NatGatewayId"]  # noqa: E731
        other = {**params, "ConnectivityType": "private"}
    else:
        call, params = ec2.create_vpc_endpoint, {"VpcId": vpc, "ServiceName": f"com.amazonaws.{cloud.region}.s3"}
        identify = lambda answer: answer["VpcEndpoint"]["VpcEndpointId"]  # noqa: E731
        other = {**params, "ServiceName": f"com.amazonaws.{cloud.region}.dynamodb"}
    first = identify(call(**params, ClientToken="once"))
    assert identify(call(**params, ClientToken="once")) == first
    assert cloud.refused(call, **other, ClientToken="once") == "IdempotentParameterMismatch"


def test_interface_endpoints_hold_an_interface_in_each_subnet_and_wear_its_groups(cloud, ec2):
    vpc, (first, second) = cloud.network(zones=2)
    group = ec2.create_security_group(VpcId=vpc, GroupName="endpoints", Description="d")["GroupId"]
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{cloud.region}.ecr.api",
        VpcEndpointType="Interface",
        SubnetIds=[first],
        SecurityGroupIds=[group],
        PrivateDnsEnabled=True,
    )["VpcEndpoint"]["VpcEndpointId"]

    def interfaces():
        (endpoint,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[made])["VpcEndpoints"]
        shown = ec2.describe_network_interfaces(NetworkInterfaceIds=endpoint["NetworkInterfaceIds"])
        return {each["SubnetId"]: each["Groups"] for each in shown["NetworkInterfaces"]}

    assert {subnet: [each["GroupId"] for each in groups] for subnet, groups in interfaces().items()} == {first: [group]}
    ec2.modify_vpc_endpoint(VpcEndpointId=made, AddSubnetIds=[second], RemoveSubnetIds=[first])
    assert set(interfaces()) == {second}
    assert cloud.refused(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    ec2.delete_security_group(GroupId=group)
    for subnet in (first, second):
        ec2.delete_subnet(SubnetId=subnet)


def test_a_second_endpoint_cannot_have_the_same_private_name(cloud, ec2):
    vpc, (subnet,) = cloud.network()
    wanted = {
        "VpcId": vpc,
        "ServiceName": f"com.amazonaws.{cloud.region}.sts",
        "VpcEndpointType": "Interface",
        "SubnetIds": [subnet],
        "PrivateDnsEnabled": True,
    }
    ec2.create_vpc_endpoint(**wanted)
    assert cloud.refused(ec2.create_vpc_endpoint, **wanted) == "InvalidParameter"
    ec2.create_vpc_endpoint(**{**wanted, "PrivateDnsEnabled": False})


def test_a_gateway_endpoint_made_without_naming_its_type_can_be_deleted(cloud, ec2):
    vpc, _ = cloud.network()
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{cloud.region}.s3")["VpcEndpoint"]
    assert made["VpcEndpointType"] == "Gateway"
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["Unsuccessful"] == []


def test_a_group_that_another_names_cannot_be_deleted(cloud, ec2):
    vpc, _ = cloud.network()
    one, other = (
        ec2.create_security_group(VpcId=vpc, GroupName=name, Description="d")["GroupId"] for name in ("one", "other")
    )
    rule = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": one}]}]
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=rule)
    assert cloud.refused(ec2.delete_security_group, GroupId=one) == "DependencyViolation"
    ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=rule)
    # Its own rules don't keep it.
    ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=rule)
    ec2.delete_security_group(GroupId=one)


@pytest.mark.parametrize(
    ("block", "fits"),
    [
        ("100.64.0.0/16", True),
        ("10.1.0.0/16", True),
        ("172.20.0.0/16", False),
        ("198.19.0.0/16", False),
        ("10.0.0.0/17", False),
        ("100.64.0.0/10", False),
        ("100.64.0.0/29", False),
    ],
)
def test_secondary_blocks(cloud, ec2, block, fits):
    vpc, _ = cloud.network()
    if fits:
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=block)
    else:
        assert cloud.refused(ec2.associate_vpc_cidr_block, VpcId=vpc, CidrBlock=block) == "InvalidVpc.Range"


@pytest.mark.parametrize(
    ("kind", "keys"),
    [("subnet", []), ("vpc", ["AWS:owner"]), ("vpc", ["owner", "owner"])],
)
def test_tags_that_cannot_be(cloud, ec2, kind, keys):
    before = len(ec2.describe_vpcs()["Vpcs"])
    tags = [{"ResourceType": kind, "Tags": [{"Key": key, "Value": ""} for key in keys]}]
    refused = cloud.refused(ec2.create_vpc, CidrBlock="10.0.0.0/16", TagSpecifications=tags)
    assert refused == "InvalidParameterValue"
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_more_tags_than_an_object_can_have(cloud, ec2):
    vpc, _ = cloud.network()
    tags = [{"Key": str(number), "Value": ""} for number in range(51)]
    assert cloud.refused(ec2.create_tags, Resources=[vpc], Tags=tags) == "TagLimitExceeded"
