"""What is wrong with a list of network interfaces, by the facts of the machine's cards: a pure function.

Sources: EC2 User Guide, "Maximize network bandwidth on Amazon EC2 instances with multiple network cards"
(efa-acc-inst-types) and "Elastic Fabric Adapter", limitations; eksctl #7520; the catalogue for each type's cards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from components.hardware.spec import InstanceType
from policies.engine.node import Node
from policies.rules._shared.machines.templates import EFA

_SHOWN: Final = 6


@dataclass(frozen=True)
class Asked:
    """An interface as somebody asks for it.

    Attributes:
        card: NetworkCardIndex; 0 where nothing is said.
        device: DeviceIndex; 0 where nothing is said.
        kind: interface, efa or efa-only.
        node: Its place.
    """

    card: int
    device: int
    kind: str
    node: Node

    @property
    def is_efa(self) -> bool:
        """Whether it has EFA."""
        return self.kind in EFA


def asked(interfaces: Node) -> tuple[Asked, ...]:
    """The interfaces of a launch template or a node class."""
    return tuple(
        Asked(
            int(node.number("networkCardIndex", default=0) or 0),
            int(node.number("deviceIndex", default=0) or 0),
            (node.literal("interfaceType") or "interface").lower(),
            node,
        )
        for node in interfaces.each()
    )


def on_any_machine(wired: Sequence[Asked]) -> Iterator[tuple[Node, str]]:
    """What is wrong whatever the type: the place, and what it is."""
    places = Counter((one.card, one.device) for one in wired)
    cards = Counter(one.card for one in wired if one.is_efa)
    taken: set[tuple[int, int]] = set()
    told: set[int] = set()
    for one in wired:
        place = one.card, one.device
        if places[place] > 1 and place not in taken:
            yield one.node, f"{places[place]} interfaces are on card {one.card}, device {one.device}"
        taken.add(place)
        if one.is_efa and cards[one.card] > 1 and one.card not in told:
            told.add(one.card)
            yield (
                one.node.at("interfaceType"),
                f"{cards[one.card]} EFA interfaces on card {one.card}: EC2 takes one",
            )
        if place == (0, 0) and one.kind == "efa-only":
            yield (
                one.node.at("interfaceType"),
                "the primary interface is efa-only, without an address: EC2 refuses it",
            )
    if (0, 0) not in taken:
        yield wired[0].node, "no interface is on card 0, device 0: the machine has no primary one"


def on(machine: InstanceType, wired: Sequence[Asked], at: Node) -> Iterator[tuple[Node, str]]:
    """What is wrong on a type: the place, and what it is."""
    if not machine.efa_supported:
        first = next(one for one in wired if one.is_efa)
        yield first.node.at("interfaceType"), f"asks for EFA, which {machine.name} doesn't have"
        return
    cards = {card.index: card for card in machine.cards}
    for one in wired:
        card = cards.get(one.card)
        if card is None:
            text = f"is on card {one.card}, and {machine.name} has cards 0 to {len(cards) - 1}"
            yield one.node.at("networkCardIndex"), text
        elif one.kind not in card.interface_types:
            text = f"is {one.kind} on card {one.card}, which takes {' or '.join(card.interface_types)}"
            yield one.node.at("interfaceType"), f"{text} on {machine.name}"
        elif one.device >= (min(card.interfaces, 2) if one.is_efa else card.interfaces):
            text = f"is device {one.device} of card {one.card}, which takes {card.interfaces} on {machine.name}"
            yield one.node.at("deviceIndex"), text if not one.is_efa else f"{text}, EFA as one of the first two"
    have = {one.card for one in wired if one.is_efa}
    if len(have) < machine.max_efa:
        lacking = [card.index for card in machine.cards if card.index not in have and _takes_efa(card.interface_types)]
        shown = ", ".join(map(str, lacking[:_SHOWN])) + (" …" if len(lacking) > _SHOWN else "")
        text = f"{len(have)} EFA interfaces, and {machine.name} has {machine.max_efa}: none on card {shown}"
        yield at, text
    elif len(have) > machine.max_efa:
        yield at, f"{len(have)} EFA interfaces, and {machine.name} takes {machine.max_efa}"


def _takes_efa(kinds: Sequence[str]) -> bool:
    return any(kind in EFA for kind in kinds)
