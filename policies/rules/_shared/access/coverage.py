"""Which statements say more than others do: an order of policy documents by what they cover."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import Final

from policies.rules._shared.access.iam import Condition, Statement

_ROOT: Final = re.compile(r"AWS:arn:[^:]+:iam::(\d{12}):root")
_MOST: Final = 20_000
"""Combinations of names that are looked at one by one; a statement with more has to be covered by a single one."""


@dataclass(frozen=True)
class _Names:
    """What one part of a statement speaks of: these names, or all but these."""

    names: tuple[str, ...]
    but: bool = False

    def covers(self, other: _Names) -> bool:
        """Whether everything that the other speaks of is spoken of here."""
        if self.but and other.but:
            return all(_matched(name, other.names) for name in self.names)
        if other.but:
            return "*" in self.names
        if self.but:
            return not any("*" in name or "?" in name or _matched(name, self.names) for name in other.names)
        return all(_matched(name, self.names) for name in other.names)

    def split(self) -> tuple[_Names, ...]:
        """One for each name; what is told by its exceptions is one."""
        return (self,) if self.but else tuple(_Names((name,)) for name in self.names)


def uncovered(statements: Iterable[Statement], by: Iterable[Statement]) -> Iterator[Statement]:
    """The statements that say something which none of the others says: more actions, resources, principals, occasions.

    Allowances and denials alike; the two are not told apart here.

    Raises:
        UnevaluatedError: Part of a statement is hidden.
    """
    others = [(other, _parts(other)) for other in by]
    for statement in statements:
        parts = _parts(statement)
        same_occasions = [theirs for other, theirs in others if _on_every_occasion(other, statement)]
        if not _covered(parts, same_occasions):
            yield statement


def _covered(parts: tuple[_Names, ...], others: list[tuple[_Names, ...]]) -> bool:
    if any(_each_covers(other, parts) for other in others):
        return True
    split = [part.split() for part in parts]
    if prod(map(len, split)) > _MOST:
        return False
    return all(any(_each_covers(other, one) for other in others) for one in product(*split))


def _each_covers(outer: tuple[_Names, ...], inner: tuple[_Names, ...]) -> bool:
    return all(mine.covers(theirs) for mine, theirs in zip(outer, inner, strict=True))


def _parts(statement: Statement) -> tuple[_Names, ...]:
    return (
        _names(statement.actions, statement.not_actions),
        # Trust policies name no resource, those of identities no principal.
        _names(statement.resources, statement.not_resources, ("*",)),
        _names(_flat(statement.principals), _flat(statement.not_principals), ("*",)),
    )


def _names(these: tuple[str, ...], but: tuple[str, ...], default: tuple[str, ...] = ()) -> _Names:
    return _Names(but, but=True) if but else _Names(these or default)


def _flat(principals: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Principals as one list; everybody is everybody of every kind, and an account's root its number."""
    return tuple(
        "*" if (kind, name) == ("AWS", "*") else _ROOT.sub(r"AWS:\1", f"{kind}:{name}")
        for kind, names in principals.items()
        for name in names
    )


def _on_every_occasion(outer: Statement, inner: Statement) -> bool:
    """Whether a statement holds wherever the other does: each of its conditions is one of the other's, or wider."""
    return all(any(_implies(theirs, mine) for theirs in inner.conditions) for mine in outer.conditions)


def _implies(strict: Condition, loose: Condition) -> bool:
    kind = (strict.operator.lower(), strict.every, strict.if_exists, strict.key)
    if kind != (loose.operator.lower(), loose.every, loose.if_exists, loose.key):
        return False
    # Any one of the values will do, but each of those that are excluded counts.
    narrow, wide = (loose, strict) if "not" in kind[0] else (strict, loose)
    return set(narrow.values) <= set(wide.values)


def _matched(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name, or all that a pattern stands for, is matched."""
    return any(_pattern(pattern).fullmatch(name) for pattern in patterns)


@lru_cache(maxsize=10_000)
def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of IAM's; `?` is one letter, and never the star of another pattern.

    What is between two stars is taken where it comes first, for good: many stars would take hours otherwise.
    """
    first, *rest = (
        "".join("[^*]" if letter == "?" else re.escape(letter) for letter in part) for part in text.split("*")
    )
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(first + middle + (f".*{rest[-1]}" if rest else ""), re.DOTALL)
