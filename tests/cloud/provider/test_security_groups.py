"""Security groups: what inline rules own, and what they leave to rules that are resources of their own."""

from __future__ import annotations

GROUP, INGRESS = "aws:ec2/securityGroup:SecurityGroup", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def held(world, group):
    found = world.client("ec2").describe_security_groups(GroupIds=[group.id])["SecurityGroups"][0]
    return found["IpPermissions"], found["IpPermissionsEgress"]


def change(world, made, given):
    inputs = world.checked(made.urn, given, made.inputs)
    made.state = world.provider.update(made.urn, made.id, made.state, made.inputs, inputs, preview=False)
    made.inputs = inputs


def test_a_new_group_lets_nothing_out(world):
    assert held(world, world.example("SecurityGroup#20")) == ([], [])


def test_a_group_without_inline_rules_leaves_the_others_alone(world):
    group = world.example("SecurityGroup#21")
    given = {"securityGroupId": group.id, "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "10.0.0.0/8"}
    world.make(INGRESS, given, "beside")

    change(
        world,
        group,
        {"vpcId": group.inputs["vpcId"], "description": group.inputs["description"], "revokeRulesOnDelete": True},
    )

    assert len(held(world, group)[0]) == 1
    assert world.drift(group) == []


def test_inline_rules_own_their_direction_and_take_away_what_others_put_there(world):
    group = world.example("SecurityGroup#22")
    rule = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8"]}
    base = {"vpcId": group.inputs["vpcId"], "description": group.inputs["description"]}
    change(world, group, {**base, "ingress": [rule]})
    extra = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    world.client("ec2").authorize_security_group_ingress(GroupId=group.id, IpPermissions=[extra])

    assert world.drift(group) == ["ingress"]

    _, outputs, seen = world.provider.read(group.urn, group.id, group.state, group.inputs)
    group.state, wanted = outputs, group.inputs
    group.inputs = seen
    change(world, group, {k: v for k, v in wanted.items() if k != "__defaults"})
    assert [(p["FromPort"], p["ToPort"]) for p in held(world, group)[0]] == [(443, 443)]


def test_the_default_group_is_adopted_stripped_and_left_behind(world):
    vpc = world.example("Vpc")
    default = vpc.state["defaultSecurityGroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    world.client("ec2").authorize_security_group_ingress(GroupId=default, IpPermissions=[rule])

    group = world.example("DefaultSecurityGroup")

    assert group.id == default
    assert held(world, group) == ([], [])
    world.provider.delete(group.urn, group.id, group.state, group.inputs)
    assert held(world, group) == ([], [])


def test_an_interface_endpoint_moves_between_subnets_and_groups(world):
    vpc, one = world.example("Vpc"), world.example("Subnet")
    subnet = {"vpcId": vpc.id, "cidrBlock": "10.0.192.0/20", "availabilityZone": "us-east-1b"}
    two = world.make("aws:ec2/subnet:Subnet", subnet, "second")
    groups = [world.example(f"SecurityGroup#{n}").id for n in (23, 24)]
    given = {
        "vpcId": vpc.id,
        "serviceName": "com.amazonaws.us-east-1.ecr.api",
        "vpcEndpointType": "Interface",
        "subnetIds": [one.id],
        "securityGroupIds": groups[:1],
        "privateDnsEnabled": True,
    }
    endpoint = world.make("aws:ec2/vpcEndpoint:VpcEndpoint", given, "ecr")
    assert len(endpoint.state["networkInterfaceIds"]) == 1

    change(world, endpoint, {**given, "subnetIds": [one.id, two.id], "securityGroupIds": groups[1:]})

    assert sorted(endpoint.state["subnetIds"]) == sorted([one.id, two.id])
    assert endpoint.state["securityGroupIds"] == groups[1:]
    assert world.drift(endpoint) == []
