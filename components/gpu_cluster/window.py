"""When a capacity block's nodes may run, as schedules that hold at any moment and not only at two of them.

A single action at the start would be refused once the start is past ("in the past", PutScheduledUpdateGroupAction),
and AWS forgets it when it ran: a node group made inside the window would stay empty. Recurring actions have neither
fault: within ten minutes the group has the size that the moment asks for, whenever it was made.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from components.base.problems import InvalidInputError
from components.capacity.spec import BLOCK_ENDS_EARLY, CapacityBlockFacts

DRAIN: Final = timedelta(minutes=15)
"""Time for pods to leave before EC2 ends the instances. EKS sets a scale-down of its own, 10 minutes before; a group
takes no two actions at one moment (AlreadyExists), so this one is earlier.
Source: EKS User Guide, "Create a managed node group with Capacity Blocks for ML" (40 minutes before the end)."""
EVERY: Final = "*/10"
HOUR: Final = timedelta(hours=1)
LAST_HOUR: Final = 23


def closes(block: CapacityBlockFacts) -> datetime:
    """When the nodes of a block start to go.

    Raises:
        InvalidInputError: The block is over before it begins.
    """
    end = block.end - BLOCK_ENDS_EARLY - DRAIN
    if end <= block.start:
        text = f"the block leaves no time for nodes: they go {BLOCK_ENDS_EARLY + DRAIN} before its end"
        raise InvalidInputError.one(text, field="reservations", fix="check its start and end")
    return end


def opening(block: CapacityBlockFacts) -> tuple[str, ...]:
    """Cron expressions (UTC) that fire at the start of a block, then every ten minutes up to the last full hour.

    Cron knows no years: a block lasts half a year at most, and its generation is retired when it is over.
    """
    stop = closes(block)
    hour = block.start.replace(minute=0, second=0, microsecond=0) + HOUR
    return (_at(block.start), *_hours(hour, stop.replace(minute=0, second=0, microsecond=0)))


def closing(block: CapacityBlockFacts) -> str:
    """The cron expression (UTC) that fires once the nodes have to go."""
    return _at(closes(block))


def _at(moment: datetime) -> str:
    return f"{moment.minute} {moment.hour} {moment.day} {moment.month} *"


def _hours(start: datetime, stop: datetime) -> Iterator[str]:
    """Every ten minutes from one full hour up to another, which is left out."""
    if start >= stop:
        return
    if start.date() == stop.date():
        yield _on(start.date(), start.hour, stop.hour - 1)
        return
    first = start.date()
    if start.hour:
        yield _on(first, start.hour, LAST_HOUR)
        first += timedelta(days=1)
    yield from _days(first, stop.date())
    if stop.hour:
        yield _on(stop.date(), 0, stop.hour - 1)


def _on(day: date, first: int, last: int) -> str:
    return f"{EVERY} {first if first == last else f'{first}-{last}'} {day.day} {day.month} *"


def _days(first: date, stop: date) -> Iterator[str]:
    """Whole days, a month at a time; whole months in one."""
    months: list[str] = []
    while first < stop:
        length = monthrange(first.year, first.month)[1]
        last = min(stop - timedelta(days=1), first.replace(day=length))
        if first.day == 1 and last.day == length:
            months.append(str(first.month))
        else:
            days = first.day if first == last else f"{first.day}-{last.day}"
            yield f"{EVERY} * {days} {first.month} *"
        first = last + timedelta(days=1)
    if months:
        yield f"{EVERY} * * {','.join(months)} *"
