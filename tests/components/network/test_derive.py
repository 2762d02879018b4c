"""Ways out, endpoints, the flow log's documents, and how an existing VPC is checked."""

import json

import pytest

from components.network.derive import (
    INTERNET,
    endpoints,
    flow_log_permissions,
    flow_log_trust,
    mismatches,
    nat_zones,
    route_tables,
)
from components.network.spec import ExistingVpc, ManagedVpc, NetworkSpec
from components.network.values import Tier

ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")


@pytest.mark.parametrize(("nat", "zones"), [("per-az", ZONES), ("single", ZONES[:1]), ("none", ())])
def test_nats_stand_in_every_zone_in_the_first_or_in_none(managed, nat, zones):
    assert nat_zones(ManagedVpc.model_validate(managed(nat=nat)["managed"]), ZONES) == zones


@pytest.mark.parametrize(
    ("nat", "ways"), [("per-az", list(ZONES)), ("single", [ZONES[0]] * 3), ("none", [None, None, None])]
)
def test_private_and_pod_subnets_leave_through_the_nearest_nat(managed, nat, ways):
    tables = route_tables(ManagedVpc.model_validate(managed(nat=nat)["managed"]), ZONES)
    private = [table for table in tables if table.name.startswith("private")]
    assert [table.way_out for table in private] == ways
    for zone, table in zip(ZONES, private, strict=True):
        assert {(subnet.tier, subnet.zone) for subnet in table.subnets} == {(Tier.PRIVATE, zone), (Tier.PODS, zone)}


def test_intra_subnets_have_no_way_out_and_public_ones_the_internet(managed):
    tables = {table.name: table for table in route_tables(ManagedVpc.model_validate(managed()["managed"]), ZONES)}
    assert tables["intra"].way_out is None
    assert tables["public"].way_out == INTERNET
    assert {subnet.tier for subnet in tables["intra"].subnets} == {Tier.INTRA}


def test_every_subnet_has_exactly_one_route_table(managed):
    tables = route_tables(ManagedVpc.model_validate(managed()["managed"]), ZONES)
    names = [subnet.name for table in tables for subnet in table.subnets]
    assert len(names) == len(set(names)) == 12


def test_a_network_without_internet_has_no_public_table(managed):
    data = managed(nat="none", subnets={"public": "none"})
    tables = route_tables(ManagedVpc.model_validate(data["managed"]), ZONES)
    assert [table.name for table in tables] == ["private-a", "private-b", "private-c", "intra"]


def test_endpoints_are_gateways_and_interfaces_in_every_zone(managed, make_context):
    plans = {plan.name: plan for plan in endpoints(NetworkSpec.model_validate(managed()), make_context())}
    assert plans["s3"].service == "com.amazonaws.eu-west-1.s3"
    assert plans["s3"].zones == ()
    assert plans["ecr-api"].service == "com.amazonaws.eu-west-1.ecr.api"
    assert plans["ecr-api"].zones == ZONES


def test_endpoints_in_one_zone_stand_in_the_stacks_first(managed, make_context):
    spec = NetworkSpec.model_validate({**managed(), "endpoints": {"interface": ["ec2"], "zones": "one"}})
    assert {plan.name: plan.zones for plan in endpoints(spec, make_context())} == {
        "s3": (),
        "dynamodb": (),
        "ec2": ("eu-west-1a",),
    }


def test_an_existing_network_gets_only_the_endpoints_it_asks_for(existing, make_context):
    data = existing()
    data["routeTableIds"] = []
    assert endpoints(NetworkSpec.model_validate({"existing": data}), make_context()) == ()
    asked = NetworkSpec.model_validate({"existing": data, "endpoints": {"interface": ["sts"]}})
    assert [plan.name for plan in endpoints(asked, make_context())] == ["sts"]


def test_flow_logs_are_written_for_this_account_and_region_only(make_context):
    (statement,) = flow_log_trust(make_context())["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ec2:eu-west-1:111122223333:vpc-flow-log/*"},
    }


def test_the_flow_log_role_may_write_to_its_one_group_and_nothing_else():
    group = "arn:aws:logs:eu-west-1:111122223333:log-group:flow"
    document = flow_log_permissions(group)
    assert [statement["Resource"] for statement in document["Statement"]] == [[group, f"{group}:*"]]
    assert '"*"' not in json.dumps(document)


@pytest.fixture
def facts(existing, reads):
    """What AWS says of the existing network, in the shape the check takes."""
    data = existing()
    found = reads(data)
    return {
        "cidr": found[data["vpcId"]]["cidrBlock"],
        "names": [True, True],
        "subnets": {id_: dict(fact) for id_, fact in found.items() if id_ != data["vpcId"]},
    }


def test_an_existing_network_that_is_as_the_file_says(existing, facts):
    assert mismatches(ExistingVpc.model_validate(existing()), facts, endpoints=True) == []


def test_everything_that_is_not_as_the_file_says_is_named(existing, facts):
    data = existing()
    private, pods = data["subnets"]["private"], data["subnets"]["pods"]
    facts["cidr"] = "10.31.0.0/16"
    facts["subnets"][private["eu-west-1a"]]["vpcId"] = "vpc-0fedcba9876543210"
    facts["subnets"][private["eu-west-1b"]]["availabilityZone"] = "eu-west-1c"
    facts["subnets"][pods["eu-west-1c"]]["cidrBlock"] = "10.30.9.0/24"
    found = mismatches(ExistingVpc.model_validate(data), facts, endpoints=True)
    assert found == [
        "vpc-0123456789abcdef0 has the first block 10.31.0.0/16, not 10.30.0.0/16",
        f"{private['eu-west-1a']} (private, eu-west-1a) is in vpc-0fedcba9876543210, not in vpc-0123456789abcdef0",
        f"{private['eu-west-1b']} (private, eu-west-1b) is in eu-west-1c, not in eu-west-1b",
        f"{pods['eu-west-1c']} (pods, eu-west-1c) has 10.30.9.0/24, which is not inside 100.64.0.0/16",
    ]


def test_a_zone_of_another_region_is_a_mismatch(existing, facts):
    data = existing()
    facts["subnets"][data["subnets"]["private"]["eu-west-1a"]]["availabilityZone"] = "us-east-1a"
    (found,) = mismatches(ExistingVpc.model_validate(data), facts, endpoints=True)
    assert "is in us-east-1a" in found


@pytest.mark.parametrize(("endpoints", "found"), [(True, 1), (False, 0)])
def test_endpoints_need_a_vpc_that_resolves_names(existing, facts, endpoints, found):
    facts["names"] = [True, False]
    assert len(mismatches(ExistingVpc.model_validate(existing()), facts, endpoints=endpoints)) == found


def test_placeholders_cannot_be_compared(existing, facts):
    placeholders = {key: f"${{urn.{key}}}" for key in ("vpcId", "availabilityZone", "cidrBlock")}
    read = {
        "cidr": "${urn.cidrBlock}",
        "names": ["${urn.a}", "${urn.b}"],
        "subnets": dict.fromkeys(facts["subnets"], placeholders),
    }
    assert mismatches(ExistingVpc.model_validate(existing()), read, endpoints=True) == []
