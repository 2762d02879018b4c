"""Subnets: inside their block, apart, as large as asked, and where they were before."""

from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from components.network.layout import floating_block, subnets, tier_blocks
from components.network.spec import ManagedVpc
from components.network.values import Tier

LETTERS = "abcdefgh"
lengths = st.integers(18, 28)


@st.composite
def vpcs(draw):
    """Any VPC that can be built."""
    data = {
        "cidr": "10.20.0.0/16",
        "podCidr": "100.64.0.0/16",
        "nat": "none",
        "zoneSlots": draw(st.sampled_from([1, 2, 4, 8])),
        "subnets": {
            "private": draw(lengths),
            "intra": draw(lengths),
            "public": draw(st.just("none") | lengths),
            "pods": draw(lengths),
        },
    }
    try:
        return ManagedVpc.model_validate(data)
    except ValidationError:
        assume(False)


def zones_of(vpc, region="eu-west-1"):
    """All zones the VPC keeps a place for."""
    return tuple(f"{region}{letter}" for letter in LETTERS[: vpc.zone_slots])


@given(vpcs())
def test_no_two_subnets_overlap_and_each_lies_in_its_block(vpc):
    plans = list(subnets(vpc, zones_of(vpc)))
    for one, other in combinations(plans, 2):
        assert not one.cidr.overlaps(other.cidr)
    for plan in plans:
        assert plan.cidr.subnet_of(vpc.block(plan.tier))
        assert plan.cidr.subnet_of(tier_blocks(vpc)[plan.tier])


@given(vpcs())
def test_sizes_are_as_asked(vpc):
    for plan in subnets(vpc, zones_of(vpc)):
        assert plan.cidr.prefixlen == vpc.subnets.of(plan.tier)


@given(vpcs(), st.data())
def test_zones_that_come_or_go_do_not_move_the_others(vpc, data):
    every = zones_of(vpc)
    some = tuple(data.draw(st.permutations(every))[: data.draw(st.integers(1, len(every)))])
    everywhere = {(plan.tier, plan.zone): plan.cidr for plan in subnets(vpc, every)}
    assert {(plan.tier, plan.zone): plan.cidr for plan in subnets(vpc, some)}.items() <= everywhere.items()


@given(vpcs())
def test_the_layout_is_a_function_of_the_spec(vpc):
    again = ManagedVpc.model_validate(vpc.wire())
    assert list(subnets(vpc, zones_of(vpc))) == list(subnets(again, zones_of(again)))


def test_the_layout_of_the_documentation(managed):
    vpc = ManagedVpc.model_validate(managed()["managed"])
    found = {plan.name: str(plan.cidr) for plan in subnets(vpc, ("eu-west-1a", "eu-west-1b", "eu-west-1c"))}
    assert found == {
        "private-a": "10.20.0.0/20",
        "private-b": "10.20.16.0/20",
        "private-c": "10.20.32.0/20",
        "intra-a": "10.20.64.0/24",
        "intra-b": "10.20.65.0/24",
        "intra-c": "10.20.66.0/24",
        "public-a": "10.20.68.0/24",
        "public-b": "10.20.69.0/24",
        "public-c": "10.20.70.0/24",
        "pods-a": "100.64.0.0/18",
        "pods-b": "100.64.64.0/18",
        "pods-c": "100.64.128.0/18",
    }


@pytest.mark.parametrize(
    ("tier", "tag"), [(Tier.PUBLIC, "kubernetes.io/role/elb"), (Tier.PRIVATE, "kubernetes.io/role/internal-elb")]
)
def test_load_balancers_find_their_subnets_by_tag(managed, tier, tag):
    vpc = ManagedVpc.model_validate(managed()["managed"])
    assert {plan.tier for plan in subnets(vpc, ("eu-west-1a",)) if tag in plan.tags} == {tier}


@given(vpcs())
def test_floating_addresses_lie_in_the_first_block_and_in_no_subnet_of_any_zone(vpc):
    block = floating_block(vpc)
    if block is None:
        free = vpc.cidr.num_addresses - sum(
            b.num_addresses for tier, b in tier_blocks(vpc).items() if tier is not Tier.PODS
        )
        assert free < 256
        return
    assert block.prefixlen == 28
    assert block.subnet_of(vpc.cidr)
    assert not any(block.overlaps(subnet.cidr) for subnet in subnets(vpc, zones_of(vpc)))


@pytest.mark.parametrize(
    ("cidr", "found"),
    [
        ("10.148.0.0/16", "10.148.255.0/28"),
        ("192.168.0.0/16", "192.168.255.0/28"),  # FSx takes at most 17 characters: the last /28 would have 18
        ("10.20.0.0/25", None),
    ],
)
def test_where_floating_addresses_are(cidr, found):
    small = {"private": 28, "intra": 28, "public": "none", "pods": 18}
    vpc = ManagedVpc.model_validate(
        {"cidr": cidr, "podCidr": "100.64.0.0/16", "nat": "none", "zoneSlots": 4, "subnets": small}
    )
    assert str(floating_block(vpc)) == str(found)
