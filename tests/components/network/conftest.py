"""Specs of networks, as plain data the way a stack file gives them."""

import json

import pulumi
import pulumi_aws as aws
import pytest

from components.network.component import Network
from components.network.spec import NetworkSpec

ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
DIGITS = {"private": "1", "intra": "2", "public": "3", "pods": "4"}


def existing_data(tiers=("private", "intra", "public", "pods")):
    """An existing VPC with subnets in three zones."""
    return {
        "vpcId": "vpc-0123456789abcdef0",
        "cidr": "10.30.0.0/16",
        "podCidr": "100.64.0.0/16",
        "subnets": {tier: {zone: f"subnet-{DIGITS[tier] * 16}{zone[-1]}" for zone in ZONES} for tier in tiers},
        "routeTableIds": ["rtb-0123456789abcdef0"],
    }


def existing_reads(data):
    """What AWS would say of it: each subnet's block lies where its tier's is."""
    homes = {
        "private": "10.30.{}.0/24",
        "intra": "10.30.1{}.0/24",
        "public": "10.30.2{}.0/24",
        "pods": "100.64.{}.0/24",
    }
    reads = {data["vpcId"]: {"cidrBlock": data["cidr"], "enableDnsSupport": True, "enableDnsHostnames": True}}
    for tier, subnets in data["subnets"].items():
        for number, (zone, subnet) in enumerate(subnets.items()):
            facts = {"vpcId": data["vpcId"], "availabilityZone": zone, "cidrBlock": homes[tier].format(number)}
            reads[subnet] = facts
    return reads


@pytest.fixture
def managed():
    """`managed(nat="none", ...)`: a managed network's data with fields changed."""

    def make(**changes):
        data = {"cidr": "10.20.0.0/16", "podCidr": "100.64.0.0/16", "nat": "per-az", **changes}
        return {"managed": {key: value for key, value in data.items() if value is not None}}

    return make


@pytest.fixture
def existing():
    """`existing(tiers)`: an existing network's data."""
    return existing_data


@pytest.fixture
def reads():
    """What AWS would say of an existing network."""
    return existing_reads


RECORDINGS = {}


@pytest.fixture
def build(record, make_context):
    """`build(data, environment="dev", preview=False, ...)`: the recording of one network, made once."""

    def run(data, environment="dev", preview=False, reads=None, log_key_arn=None, **context):
        key = json.dumps([data, environment, preview, reads, log_key_arn, context])
        if key not in RECORDINGS:
            spec, stack = NetworkSpec.model_validate(data), make_context(environment, **context)

            def program():
                provider = aws.Provider("aws", region=stack.region)
                options = pulumi.ResourceOptions(providers=[provider])
                network = Network("network", spec, stack, log_key_arn=log_key_arn, opts=options)
                pulumi.export("vpc", network.vpc_id)

            RECORDINGS[key] = record(program, preview=preview, reads=reads)
        return RECORDINGS[key]

    return run
