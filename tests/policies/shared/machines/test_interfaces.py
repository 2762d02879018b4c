"""Every list of interfaces that Herd's own wiring makes is legal, and no EFA interface of it can be left out."""

import pytest

from components.hardware import catalogue
from components.hardware.wiring import Interface, interfaces
from policies.engine.node import Node
from policies.rules._shared.machines.interfaces import asked, on, on_any_machine

TYPES = [machine for machine in catalogue.all_types() if machine.efa_supported]


def found(machine, wired):
    node = Node(
        [
            {
                "networkCardIndex": one.network_card_index,
                "deviceIndex": one.device_index,
                "interfaceType": one.interface_type,
            }
            for one in wired
        ],
        ("networkInterfaces",),
    )
    wired = asked(node)
    return [text for _, text in (*on_any_machine(wired), *on(machine, wired, node))]


def test_the_wiring_of_every_type_is_legal():
    assert len(TYPES) > 100
    assert {machine.name: told for machine in TYPES if (told := found(machine, interfaces(machine, efa=True)))} == {}


def test_address_and_efa_in_one_is_legal_where_the_first_card_takes_it():
    machine = catalogue.instance_type("p5.48xlarge")
    wired = [Interface(0, 0, "efa"), *(one for one in interfaces(machine, efa=True) if one.network_card_index)]
    assert found(machine, wired) == []


@pytest.mark.parametrize(
    "name", ["p4d.24xlarge", "p5en.48xlarge", "p6-b200.48xlarge", "p6-b300.48xlarge", "hpc6id.32xlarge"]
)
def test_no_efa_interface_can_be_left_out_or_doubled(name):
    machine = catalogue.instance_type(name)
    wired = interfaces(machine, efa=True)
    for at, one in enumerate(wired):
        if one.interface_type == "interface":
            continue
        if any(other.interface_type != "interface" for other in wired if other is not one):
            assert found(machine, [*wired[:at], *wired[at + 1 :]])
        assert found(machine, [*wired, one])


def test_devices_of_further_cards_are_0_or_1():
    machine = catalogue.instance_type("p5.48xlarge")
    wired = interfaces(machine, efa=True)
    for device, legal in ((0, True), (1, True), (2, False)):
        changed = [*wired[:-1], Interface(wired[-1].network_card_index, device, "efa-only")]
        assert (found(machine, changed) == []) is legal
