"""What an unquoted YAML scalar is: YAML 1.1 as kubectl (go-yaml) and ParallelCluster (PyYAML) read it.

Where the two differ, kubectl's reading counts: no sexagesimal numbers (`22:30`), no dates.
"""

from __future__ import annotations

import math
import re
from typing import Final

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE: Final = ("true", "yes", "on")
_FALSE: Final = ("false", "no", "off")
_BOOLEANS: Final = {
    spelled: value
    for words, value in ((_TRUE, True), (_FALSE, False))
    for word in words
    for spelled in (word, word.title(), word.upper())
}
_INTEGER: Final = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|0|[1-9][0-9_]*)")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
# Longer ones are no numbers that anyone means, and Python refuses to read the longest.
_MOST_DIGITS: Final = 40

Scalar = str | bool | int | float | None


def resolve(text: str) -> Scalar:
    """The value of an unquoted scalar."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if len(text) > _MOST_DIGITS or not (text[0].isdigit() or text[0] in "+-."):
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def _integer(text: str) -> int | str:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-").replace("_", "")
    octal = digits.startswith("0") and len(digits) > 1 and digits[1].isdigit()
    try:
        return sign * (int(digits, 8) if octal else int(digits, 0))
    except ValueError:  # `0x_`: no digit at all
        return text
