"""Which network interfaces a machine gets on which of its cards: a pure function of the cards' facts.

Source: EC2 User Guide, "Maximize network bandwidth on Amazon EC2 instances with multiple network cards"
(efa-acc-inst-types). An interface with an address on card 0, device 0; EFA-only interfaces, which take none, beside
it on device 1 and on device 0 of every further card. Older versions of that page, and ParallelCluster to this day,
say device 1 for further cards, which EC2 takes as well, but only where a card has room for two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from components.base.problems import InvalidInputError
from components.hardware.spec import InstanceType, NetworkCard

InterfaceType = Literal["interface", "efa", "efa-only"]
PRIMARY: Final = 0
"""The card that has the primary interface."""
EFA_TYPES: Final = frozenset({"efa", "efa-only"})


@dataclass(frozen=True, slots=True, order=True)
class Interface:
    """A network interface to ask EC2 for.

    Attributes:
        network_card_index: The card it is on.
        device_index: Its place on that card.
        interface_type: "interface" (ENA), "efa" (ENA and EFA in one) or "efa-only" (no address, no IP traffic).
    """

    network_card_index: int
    device_index: int
    interface_type: InterfaceType


def interfaces(machine: InstanceType, *, efa: bool) -> tuple[Interface, ...]:
    """The interfaces of a node, by card and device; the first is the primary one and the only one with an address.

    Args:
        machine: The type.
        efa: Give it every EFA interface it takes; otherwise it has one plain interface.

    Raises:
        InvalidInputError: EFA is asked of a type that has none.
    """
    if not efa:
        return (Interface(0, 0, "interface"),)
    if not machine.efa_supported:
        raise InvalidInputError.one(f"{machine.name} has no EFA", fix="take a type with EFA, or leave EFA out")
    # EC2 puts one EFA at most on a card (User Guide, "Network cards").
    chosen = [card for card in machine.cards if _takes_efa(card)][: machine.max_efa]
    first = machine.cards[PRIMARY]
    wired = _primary_card(first) if first in chosen else [Interface(PRIMARY, 0, "interface")]
    return (*wired, *(Interface(card.index, 0, _secondary(card)) for card in chosen if card is not first))


def addresses(wired: tuple[Interface, ...]) -> int:
    """Addresses of a subnet that these interfaces take when they are made: EFA-only ones take none."""
    return sum(1 for interface in wired if interface.interface_type != "efa-only")


def _takes_efa(card: NetworkCard) -> bool:
    if card.index == PRIMARY and card.interfaces == 1:
        # EC2 refuses EFA-only as the primary interface.
        return "efa" in card.interface_types
    return bool(EFA_TYPES.intersection(card.interface_types))


def _primary_card(card: NetworkCard) -> list[Interface]:
    if card.interfaces == 1 or "efa-only" not in card.interface_types:
        # hpc6id: where there is room for one interface it has to do both.
        return [Interface(PRIMARY, 0, "efa")]
    return [Interface(PRIMARY, 0, "interface"), Interface(PRIMARY, 1, "efa-only")]


def _secondary(card: NetworkCard) -> InterfaceType:
    return "efa-only" if "efa-only" in card.interface_types else "efa"
