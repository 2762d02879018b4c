"""Firewall rules of every spelling read the same."""

import pytest

from policies.engine.subject import Stack, Subject
from policies.engine.values import UNKNOWN, Reference, UnevaluatedError
from policies.rules._shared.network.ingress import (
    DEFAULT_SECURITY_GROUP,
    EGRESS_RULE,
    INGRESS_RULE,
    NETWORK_ACL,
    NETWORK_ACL_RULE,
    PREFIX_LIST,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
    blocks,
    ingress_rules,
    is_private,
    is_world,
    network_rules,
)

SSH = {"protocol": "tcp", "fromPort": 22, "toPort": 22}
EVERY_SPELLING = {
    "inline": (SECURITY_GROUP, {"ingress": [{**SSH, "cidrBlocks": ["10.0.0.0/8"]}]}),
    "inline, one block": (SECURITY_GROUP, {"ingress": {**SSH, "cidrBlocks": "10.0.0.0/8"}}),
    "default group": (DEFAULT_SECURITY_GROUP, {"ingress": [{**SSH, "cidrBlocks": ["10.0.0.0/8"]}]}),
    "separate": (SECURITY_GROUP_RULE, {**SSH, "type": "ingress", "cidrBlocks": ["10.0.0.0/8"]}),
    "module vpc": (
        INGRESS_RULE,
        {"ipProtocol": "tcp", "fromPort": "22", "toPort": "22", "cidrIpv4": "10.0.0.0/8"},
    ),
    "acl": (NETWORK_ACL, {"ingress": [{**SSH, "action": "allow", "ruleNo": 100, "cidrBlock": "10.0.0.0/8"}]}),
    "acl rule": (NETWORK_ACL_RULE, {**SSH, "ruleAction": "allow", "ruleNumber": 100, "cidrBlock": "10.0.0.0/8"}),
}


def subject(kind, props, name="it"):
    return Subject(f"urn:pulumi:s::p::{kind}::{name}", kind, name, props)


def only_rule(kind, props):
    [rule] = network_rules(subject(kind, props))
    return rule


@pytest.mark.parametrize("spelling", EVERY_SPELLING)
def test_every_spelling_is_one_shape(spelling):
    [rule] = ingress_rules(subject(*EVERY_SPELLING[spelling]))
    assert rule.protocol == "tcp"
    assert rule.ports == (22, 22)
    assert rule.allows
    assert [node.text() for node in rule.cidrs()] == ["10.0.0.0/8"]


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ({"protocol": "-1"}, (0, 65535)),
        ({"protocol": -1, "fromPort": 0, "toPort": 0}, (0, 65535)),
        ({"protocol": "ALL"}, (0, 65535)),
        ({"protocol": "6", "fromPort": 20, "toPort": 25}, (20, 25)),
        ({"protocol": 17, "fromPort": 53, "toPort": 53}, (53, 53)),
        ({"protocol": "TCP", "fromPort": -1, "toPort": -1}, (0, 65535)),
        ({"protocol": "tcp", "fromPort": 0, "toPort": 0}, (0, 65535)),
        ({"protocol": "tcp"}, (0, 65535)),
        ({"protocol": "tcp", "fromPort": 443}, (443, 443)),
        ({"protocol": "icmp", "fromPort": 8, "toPort": 0}, None),
        ({"fromPort": 443, "toPort": 443}, (0, 65535)),
    ],
)
def test_ports_of_each_protocol(ports, expected):
    assert only_rule(SECURITY_GROUP, {"ingress": [ports]}).ports == expected


def test_a_range_covers_the_ports_within_for_its_protocol():
    rule = only_rule(SECURITY_GROUP, {"ingress": [{"protocol": "tcp", "fromPort": 20, "toPort": 4000}]})
    assert rule.covers(22)
    assert rule.covers(3389)
    assert not rule.covers(4001)
    assert not rule.covers(3389, "udp")


def test_egress_is_no_ingress():
    group = subject(SECURITY_GROUP, {"egress": [{"protocol": "-1", "cidrBlocks": ["0.0.0.0/0"]}]})
    assert list(ingress_rules(group)) == []
    assert [rule.direction for rule in network_rules(group)] == ["egress"]
    for kind, props in (
        (EGRESS_RULE, {}),
        (SECURITY_GROUP_RULE, {"type": "egress"}),
        (NETWORK_ACL_RULE, {"egress": True}),
    ):
        assert list(ingress_rules(subject(kind, props))) == []


def test_the_group_itself_by_flag():
    assert only_rule(SECURITY_GROUP, {"ingress": [{"protocol": "-1", "self": True}]}).names_itself
    assert not only_rule(SECURITY_GROUP, {"ingress": [{"protocol": "-1"}]}).names_itself
    assert not only_rule(INGRESS_RULE, {"securityGroupId": "sg-1", "self": True}).names_itself


def test_what_goes_the_other_way_may_be_hidden():
    props = {"ingress": [{"protocol": "-1"}], "egress": UNKNOWN}
    assert len(list(ingress_rules(subject(SECURITY_GROUP, props)))) == 1
    with pytest.raises(UnevaluatedError):
        list(network_rules(subject(SECURITY_GROUP, props)))


@pytest.mark.parametrize(
    "block", ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "1.2.3.4/0", "::/0", "2000::/3", "64.0.0.0/2"]
)
def test_the_world_and_its_parts(block):
    assert is_world(block)
    assert not is_private(block)


@pytest.mark.parametrize("block", ["10.0.0.0/8", "172.16.0.0/12", "192.168.1.0/24", "100.64.0.0/16", "fd00::/8"])
def test_private_networks(block):
    assert is_private(block)
    assert not is_world(block)


def test_an_unknown_port_or_block_raises():
    rule = only_rule(SECURITY_GROUP, {"ingress": [{"protocol": "tcp", "fromPort": UNKNOWN, "cidrBlocks": [UNKNOWN]}]})
    with pytest.raises(UnevaluatedError):
        _ = rule.ports
    with pytest.raises(UnevaluatedError):
        list(rule.cidrs())


def stack_blocks(props, *others):
    group = subject(SECURITY_GROUP, {"ingress": [props]})
    stack = Stack((group, *others))
    return [block for _, block in blocks(next(ingress_rules(group)), stack)]


def test_blocks_of_a_vpc_in_the_stack_and_of_one_looked_up():
    vpc = subject("aws:ec2/vpc:Vpc", {"cidrBlock": "10.1.0.0/16"}, "vpc")
    assert stack_blocks({"cidrBlocks": [Reference("${vpc}", vpc.urn, "cidrBlock")]}, vpc) == ["10.1.0.0/16"]
    looked_up = Reference("${x}", "invoke:aws:ec2/getVpc:getVpc#1", "cidrBlock")
    assert stack_blocks({"cidrBlocks": [looked_up]}) == [None]


def test_an_address_that_only_the_cloud_knows_has_its_length():
    assert stack_blocks({"cidrBlocks": ["${urn:pulumi:s::p::aws:ec2/eip:Eip::nat.publicIp}/32"]}) == ["192.0.2.1/32"]


def test_blocks_of_a_prefix_list_in_the_stack():
    prefixes = subject(PREFIX_LIST, {"entries": [{"cidr": "0.0.0.0/0"}]}, "list")
    named = Reference("${list.id}", prefixes.urn, "id")
    assert stack_blocks({"prefixListIds": [named]}, prefixes) == ["0.0.0.0/0"]


@pytest.mark.parametrize(
    "props",
    [
        {"prefixListIds": ["pl-0123456789abcdef0"]},
        {"cidrBlocks": ["0.0.0.0/nought"]},
        {"cidrBlocks": [Reference("${ip}", "invoke:std:index:http#1", "body")]},
    ],
)
def test_blocks_that_nobody_can_tell_raise(props):
    with pytest.raises(UnevaluatedError):
        stack_blocks(props)
