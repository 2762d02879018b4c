"""AWS schedule expressions: ``cron(minutes hours day-of-month month day-of-week year)``, ``rate(...)``, ``at(...)``.

Source: EventBridge User Guide, "Cron expressions" and "Rate expressions"; EventBridge Scheduler, "Schedule types".
"""

from __future__ import annotations

import re
from datetime import datetime

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_FIELDS = 6
# name, lowest, highest, names of the values, what else may stand there
_CRON: tuple[tuple[str, int, int, list[str], str], ...] = (
    ("minutes", 0, 59, [], r""),
    ("hours", 0, 23, [], r""),
    ("day-of-month", 1, 31, [], r"\?|L|LW|\d{1,2}W"),
    ("month", 1, 12, _MONTHS, r""),
    ("day-of-week", 1, 7, _DAYS, r"\?|L|[1-7]L|[1-7]#[1-5]"),
    ("year", 1970, 2199, [], r""),
)
_RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")


def problem(expression: str, kinds: tuple[str, ...] = ("cron", "rate")) -> str | None:
    """What is wrong with a schedule expression, or None.

    Args:
        expression: The expression as AWS takes it.
        kinds: Which of `cron`, `rate` and `at` the service takes.
    """
    kind = expression.split("(", 1)[0]
    if kind not in kinds or not expression.endswith(")"):
        return f"{expression!r} is not of the form {' or '.join(f'{each}(...)' for each in kinds)}"
    if kind == "cron":
        return _cron_problem(expression[5:-1])
    if kind == "rate":
        return _rate_problem(expression)
    try:
        datetime.strptime(expression[3:-1], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - the zone is a parameter of its own
    except ValueError:
        return f"{expression!r} is not of the form at(yyyy-mm-ddThh:mm:ss)"
    return None


def _rate_problem(expression: str) -> str | None:
    match = _RATE.fullmatch(expression)
    if not match or int(match[1]) < 1:
        return f"{expression!r} is not of the form rate(value unit)"
    if (int(match[1]) == 1) == match[2].endswith("s"):
        return f"{expression!r}: the unit is singular for 1 and plural for more"
    return None


def _cron_problem(text: str) -> str | None:
    parts = text.split()
    if len(parts) != _FIELDS:
        return f"cron({text}) has {len(parts)} fields, not {_FIELDS}"
    for part, (name, low, high, names, special) in zip(parts, _CRON, strict=True):
        for item in part.split(","):
            if not (special and re.fullmatch(special, item)) and not _fits(item, low, high, names):
                return f"cron({text}): {item!r} is not a value of {name}"
    if (parts[2] == "?") == (parts[4] == "?"):
        return f"cron({text}): exactly one of day-of-month and day-of-week must be ?"
    return None


def _fits(item: str, low: int, high: int, names: list[str]) -> bool:
    body, _, step = item.partition("/")
    if step and not (step.isdigit() and int(step) > 0):
        return False
    if body == "*":
        return True
    return all(_number(each, low, high, names) for each in body.split("-", 1))


def _number(text: str, low: int, high: int, names: list[str]) -> bool:
    return text.upper() in names or (text.isdigit() and low <= int(text) <= high)
