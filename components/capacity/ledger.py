"""Who was promised what of the reservations: node pools and queues, all generations together, in one sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from components.base.validation import FieldPath
from components.capacity.spec import ReservationFacts, TargetedReservationFacts

Finding = tuple[FieldPath, str, str]
"""Path below the stack's settings, what is wrong, what to do."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Machines of a reservation that somebody may have at one time.

    Attributes:
        holder: Who, as people call it: `pool p5 g1-3f2a9c1e`.
        reservation: The reservation's name in the stack.
        nodes: The most machines at one time, draining ones too: they live until they are retired.
        path: Where in the stack file the number stands.
    """

    holder: str
    reservation: str
    nodes: int
    path: FieldPath = ()


def promised(promises: Iterable[Promise]) -> dict[str, int]:
    """Machines promised in all, by reservation."""
    sums: dict[str, int] = defaultdict(int)
    for promise in promises:
        sums[promise.reservation] += promise.nodes
    return dict(sums)


def overdrawn(promises: Iterable[Promise], reservations: Mapping[str, ReservationFacts]) -> Iterator[Finding]:
    """Reservations that were promised beyond what they hold, with every holder and number.

    Told where the promise stands that goes over. Names of no reservation are somebody else's finding.
    """
    held: dict[str, list[Promise]] = defaultdict(list)
    for promise in promises:
        if promise.nodes and promise.reservation in reservations:
            held[promise.reservation].append(promise)
    for name, rows in held.items():
        count, total = reservations[name].count, sum(row.nodes for row in rows)
        if total <= count:
            continue
        spent, over = 0, rows[-1]
        for row in rows:
            spent += row.nodes
            if spent > count:
                over = row
                break
        first, *rest = rows
        parts = [f"{first.holder} promises {first.nodes}", *(f"{row.holder} {row.nodes}" for row in rest)]
        together = (
            f": together {total}, reservation {name} holds {count}" if rest else f", reservation {name} holds {count}"
        )
        yield over.path, ", ".join(parts) + together, "promise less, retire what is drained, or reserve more"


def same_machines(reservations: Mapping[str, ReservationFacts]) -> Iterator[Finding]:
    """One reservation under two names would be promised twice."""
    first: dict[str, str] = {}
    for name, facts in reservations.items():
        field = "group" if isinstance(facts, TargetedReservationFacts) and facts.group else "id"
        target = str(getattr(facts, field))
        if target in first:
            message = f"{target} is also {first[target]}: what it holds would be promised twice"
            yield ("reservations", name, field), message, "name it once and let the pools share the name"
        first.setdefault(target, name)
