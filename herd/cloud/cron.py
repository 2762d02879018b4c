"""Cron expressions of five fields, as EC2 Auto Scaling takes them: when one fired last, and when it fires next.

Source: EC2 Auto Scaling User Guide, "Scheduled scaling": minute, hour, day of month, month, day of week; `*`, lists,
ranges and steps; names of months and days. Where both days are given, either counts, as in crontab(5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# name, lowest, highest, names of the values from the lowest on
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
_PART = re.compile(r"(\*|(?P<first>\w+)(-(?P<last>\w+))?)(/(?P<step>\d+))?")
_HORIZON = 4 * 366
_SUNDAY = 7


@dataclass(frozen=True)
class Cron:
    """A parsed expression: the values each field lets through."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def _on(self, moment: datetime) -> bool:
        weekday = moment.isoweekday() % _SUNDAY
        by_day, by_weekday = moment.day in self.days, weekday in self.weekdays
        either = not self.any_day and not self.any_weekday
        return moment.month in self.months and ((by_day or by_weekday) if either else (by_day and by_weekday))

    def next(self, after: datetime) -> datetime | None:
        """The first moment after one, in its time zone; None within four years."""
        day = after.replace(hour=0, minute=0, second=0, microsecond=0)
        for ahead in range(_HORIZON):
            at = day + timedelta(days=ahead)
            if self._on(at):
                for moment in self._of(at):
                    if moment > after:
                        return moment
        return None

    def last(self, until: datetime, after: datetime) -> datetime | None:
        """The last moment up to one and after another; None if there is none."""
        day = until.replace(hour=0, minute=0, second=0, microsecond=0)
        while day.date() >= after.date():
            if self._on(day):
                fired = [moment for moment in self._of(day) if after < moment <= until]
                if fired:
                    return fired[-1]
            day -= timedelta(days=1)
        return None

    def _of(self, day: datetime) -> list[datetime]:
        return [day.replace(hour=hour, minute=minute) for hour in sorted(self.hours) for minute in sorted(self.minutes)]


@lru_cache(maxsize=512)
def parse(expression: str) -> Cron:
    """The parsed expression.

    Raises:
        ValueError: It is none; says which field and why.
    """
    texts = expression.upper().split()
    if len(texts) != len(_FIELDS):
        raise ValueError(f"{expression!r} has {len(texts)} fields, not {len(_FIELDS)}")
    values = [_values(text, *field) for text, field in zip(texts, _FIELDS, strict=True)]
    weekdays = frozenset(each % _SUNDAY for each in values[4])
    return Cron(
        values[0], values[1], values[2], values[3], weekdays, texts[2].startswith("*"), texts[4].startswith("*")
    )


def _values(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{name} can't be {part!r}")
        step = int(match["step"] or 1)
        first = low if match["first"] is None else _number(match["first"], name, low, high, names)
        last = first if match["first"] is not None and match["step"] is None else high
        if match["last"] is not None:
            last = _number(match["last"], name, low, high, names)
        if step < 1 or last < first:
            raise ValueError(f"{name} can't be {part!r}")
        found |= set(range(first, last + 1, step))
    return frozenset(found)


def _number(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    number = names.index(text) + low if text in names else int(text) if text.isdigit() else -1
    if not low <= number <= high:
        raise ValueError(f"{name} can't be {text!r}: it runs from {low} to {high}")
    return number
