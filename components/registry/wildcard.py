"""ECR's tag wildcards, where `*` stands for any number of characters: matching, and whether two can meet."""

from __future__ import annotations

import re
from functools import cache


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches a whole text."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, flags=re.DOTALL) is not None


@cache
def overlap(first: str, second: str) -> bool:
    """Whether some text is matched by both patterns."""
    if not first or not second:
        return not (first + second).strip("*")
    if first[0] == "*":
        return overlap(first[1:], second) or overlap(first, second[1:])
    if second[0] == "*":
        return overlap(first, second[1:]) or overlap(first[1:], second)
    return first[0] == second[0] and overlap(first[1:], second[1:])
