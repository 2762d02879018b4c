"""Which conditions leave only some of everybody."""

import pytest

from policies.engine.node import Node
from policies.rules._shared.access.iam import Condition
from policies.rules._shared.access.who import says_nothing, says_who


def condition(operator, key, *values, every=False, if_exists=False):
    return Condition(Node(None), operator, every, if_exists, key, values)


@pytest.mark.parametrize(
    "test",
    [
        condition("StringEquals", "aws:principalorgid", "o-a1b2c3d4e5"),
        condition("StringLike", "aws:principalorgpaths", "o-a1b2c3d4e5/r-ab12/*"),
        condition("StringEquals", "aws:sourcevpce", "vpce-0123456789abcdef0"),
        condition("ArnLike", "aws:principalarn", "arn:aws:iam::123456789012:role/*"),
        condition("ArnLike", "aws:sourcearn", "arn:aws:s3:::checkpoints-*"),
        condition("IpAddress", "aws:sourceip", "203.0.113.0/24", "${nat.publicIp}/32"),
        condition("StringEquals", "aws:principalaccount", "123456789012", if_exists=True),
    ],
)
def test_some(test):
    assert says_who(test)
    assert not says_nothing(test)


@pytest.mark.parametrize(
    "test",
    [
        condition("StringLike", "aws:principalorgid", "o-a1b2c3d4e5", "*"),
        condition("StringLike", "aws:principalorgid", "o-*"),
        condition("StringEquals", "aws:principalorgid", "o-a1b2c3d4e5", if_exists=True),
        condition("StringEquals", "aws:principalorgid", "o-a1b2c3d4e5", every=True),
        condition("StringNotEquals", "aws:principalaccount", "123456789012"),
        condition("StringLike", "aws:sourcevpc", "vpc-*"),
        condition("ArnLike", "aws:principalarn", "arn:aws:iam::*:role/admin"),
        condition("ArnLike", "aws:principalarn", "arn:aws:*"),
        condition("ArnLike", "aws:sourcearn", "arn:aws:s3:::*"),
        condition("IpAddress", "aws:sourceip", "203.0.113.0/24", "::/0"),
        condition("NotIpAddress", "aws:sourceip", "203.0.113.0/24"),
        condition("Null", "aws:principalorgid", "false"),
        condition("Bool", "aws:securetransport", "true"),
    ],
)
def test_everybody(test):
    assert not says_who(test)
    assert says_nothing(test)


def test_of_a_key_that_nobody_knows_nothing_is_said():
    test = condition("StringEquals", "kms:viaservice", "ec2.eu-west-1.amazonaws.com")
    assert not says_who(test)
    assert not says_nothing(test)
