"""Network interfaces: the named types as AWS's pages have them, and what must hold for every type there is."""

import dataclasses
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from components.base.problems import InvalidInputError
from components.hardware.catalogue import all_types, instance_type
from components.hardware.spec import NetworkCard
from components.hardware.wiring import Interface, addresses, interfaces

WRITTEN = YAML(typ="safe").load(Path(__file__).with_name("wiring.yaml"))
NAMED = WRITTEN["types"]


def spelled(rows):
    """`["1-3", 0, "efa-only"]` is three interfaces."""
    for cards, device, kind in rows:
        first, _, last = str(cards).partition("-")
        yield from (Interface(card, device, kind) for card in range(int(first), int(last or first) + 1))


@pytest.mark.parametrize("name", NAMED)
def test_a_named_type_is_wired_as_its_sources_say(name):
    written, machine = NAMED[name], instance_type(name)

    assert interfaces(machine, efa=written["efa"]) == tuple(spelled(written["wired"]))
    facts = (len(machine.cards), machine.max_interfaces, machine.efa_supported)
    assert facts == (written["cards"], written["limit"], written["efa"])
    assert set(written["sources"]) <= set(WRITTEN["sources"])


def test_enough_types_are_named():
    assert len(NAMED) >= 25


def test_the_types_with_several_cards_are_those_of_the_user_guide():
    listed = {name: count for count, names in WRITTEN["several_cards"].items() for name in names}

    assert {m.name: len(m.cards) for m in all_types() if len(m.cards) > 1} == listed


def assert_legal(machine, wired):
    places = [(item.network_card_index, item.device_index) for item in wired]
    assert len(set(places)) == len(places), "two interfaces in one place"
    assert {device for _, device in places} <= {0, 1}
    on_card, cards = Counter(card for card, _ in places), {card.index: card for card in machine.cards}
    assert all(count <= cards[card].interfaces for card, count in on_card.items()), "a card with more than it takes"
    assert all(device < cards[card].interfaces for card, device in places)
    assert all(item.interface_type in cards[item.network_card_index].interface_types for item in wired)
    efa = Counter(item.network_card_index for item in wired if item.interface_type != "interface")
    assert all(count == 1 for count in efa.values()), "two EFA interfaces on one card"
    # The primary interface comes first, and is the only one with an address.
    assert places[0] == (0, 0)
    assert wired[0].interface_type in {"interface", "efa"}
    assert list(wired) == sorted(wired)


def test_every_type_with_efa_is_wired_legally_in_full_with_one_address():
    for machine in (m for m in all_types() if m.efa_supported):
        wired = interfaces(machine, efa=True)
        assert_legal(machine, wired)
        assert sum(item.interface_type != "interface" for item in wired) == machine.max_efa, machine.name
        assert addresses(wired) == 1, machine.name


def test_without_efa_every_type_has_one_plain_interface():
    for machine in all_types():
        assert interfaces(machine, efa=False) == (Interface(0, 0, "interface"),)


def test_efa_on_a_type_without_it_is_refused():
    for machine in (m for m in all_types() if not m.efa_supported):
        with pytest.raises(InvalidInputError, match="has no EFA"):
            interfaces(machine, efa=True)


def test_where_fewer_efa_interfaces_than_cards_are_allowed_the_first_cards_have_them():
    assert interfaces(instance_type("i7ie.48xlarge"), efa=True) == tuple(
        spelled([[0, 0, "interface"], [0, 1, "efa-only"]])
    )


KINDS = st.sampled_from(["interface", "interface efa", "interface efa-only", "interface efa efa-only", "efa-only"])


@st.composite
def machines(draw):
    """Types that EC2 might bring: any cards, as long as the first can have a plain interface."""
    first = draw(KINDS.filter(lambda kinds: kinds.startswith("interface")))
    kinds = [first, *draw(st.lists(KINDS, max_size=20))]
    cards = tuple(
        NetworkCard(index, draw(st.integers(1, 15)), tuple(types.split()), 100) for index, types in enumerate(kinds)
    )
    # EFA-only can't be primary: with room for one interface, the first card needs `efa`.
    alone = cards[0].interfaces == 1 and "efa" not in cards[0].interface_types
    capable = sum({"efa", "efa-only"} & set(card.interface_types) != set() for card in cards[alone:])
    most = draw(st.integers(0, capable))
    return dataclasses.replace(instance_type("p5.48xlarge"), cards=cards, max_efa=most, efa_supported=most > 0)


@given(machines())
def test_types_that_ec2_may_bring_are_wired_legally(machine):
    wired = interfaces(machine, efa=machine.efa_supported)

    assert_legal(machine, wired)
    assert sum(item.interface_type != "interface" for item in wired) == machine.max_efa
    efa_only = {card.index for card in machine.cards if "efa-only" in card.interface_types}
    assert all(item.network_card_index not in efa_only for item in wired[1:] if item.interface_type == "efa")


def test_addresses_are_taken_by_what_carries_ip():
    assert addresses((Interface(0, 0, "efa"), Interface(1, 0, "efa"), Interface(2, 0, "efa-only"))) == 2
