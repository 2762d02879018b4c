"""IP arithmetic, against AWS's own numbers."""

from ipaddress import IPv4Network as Net

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.network.addresses import (
    node_addresses,
    nodes_that_fit,
    pod_addresses,
    secondary_range_problem,
    usable,
    usable_prefixes,
)


@pytest.mark.parametrize(("block", "offered"), [("10.0.0.0/28", 11), ("10.0.0.0/24", 251), ("10.0.0.0/20", 4091)])
def test_aws_keeps_five_addresses_of_every_subnet(block, offered):
    assert usable(Net(block)) == offered


def test_blocks_smaller_than_what_aws_keeps_offer_nothing():
    assert usable(Net("10.0.0.0/30")) == 0
    assert usable_prefixes(Net("10.0.0.0/28")) == 0


def test_the_first_and_the_last_prefix_of_a_subnet_hold_addresses_of_aws():
    assert usable_prefixes(Net("100.64.0.0/18")) == 1024 - 2


@pytest.mark.parametrize(("cards", "efa_only", "taken"), [(32, False, 32), (32, True, 1), (1, False, 1), (17, True, 1)])
def test_a_node_takes_one_address_a_card_unless_its_cards_are_efa_only(cards, efa_only, taken):
    assert node_addresses(cards, efa_only=efa_only) == taken


def test_a_slash_20_holds_127_p5_nodes_with_efa_interfaces_and_4091_with_efa_only():
    subnet = Net("10.0.0.0/20")
    assert nodes_that_fit(subnet, node_addresses(32, efa_only=False)) == 127
    assert nodes_that_fit(subnet, node_addresses(32, efa_only=True)) == 4091


@pytest.mark.parametrize(("pods", "taken"), [(110, 8 * 16 + 1), (16, 2 * 16 + 1), (17, 3 * 16 + 1), (250, 17 * 16 + 1)])
def test_pods_take_whole_prefixes_one_warm_prefix_and_the_interface(pods, taken):
    assert pod_addresses(pods) == taken


@given(st.integers(1, 1000), st.integers(0, 4))
def test_every_pod_has_an_address(pods, warm):
    assert pod_addresses(pods, warm_prefixes=warm) - 1 - warm * 16 >= pods


@pytest.mark.parametrize(
    ("primary", "secondary", "because"),
    [
        ("10.20.0.0/16", "172.16.0.0/16", "only in"),
        ("10.20.0.0/16", "192.168.0.0/16", "only in"),
        ("10.20.0.0/16", "198.19.0.0/16", "only in"),
        ("10.1.0.0/16", "10.0.0.0/16", "refuses 10.0.0.0/16"),
        ("172.20.0.0/16", "172.31.0.0/16", "refuses 172.31.0.0/16"),
        ("192.168.0.0/16", "10.0.0.0/16", "only in"),
        ("100.64.0.0/16", "10.0.0.0/16", "only in"),
    ],
)
def test_second_ranges_that_aws_refuses(primary, secondary, because):
    assert because in secondary_range_problem(Net(primary), Net(secondary))


@pytest.mark.parametrize(
    ("primary", "secondary"),
    [
        ("10.20.0.0/16", "100.64.0.0/16"),
        ("10.20.0.0/16", "10.0.0.0/16"),
        ("10.20.0.0/16", "10.21.0.0/16"),
        ("172.20.0.0/16", "172.30.0.0/16"),
        ("192.168.0.0/17", "192.168.128.0/17"),
    ],
)
def test_second_ranges_that_aws_takes(primary, secondary):
    assert secondary_range_problem(Net(primary), Net(secondary)) is None
