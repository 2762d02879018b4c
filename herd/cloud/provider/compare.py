"""When two values mean the same: documents by meaning, lists as sets, absent and empty alike."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from herd.cloud.provider.wire import UNKNOWN, Secret, plain

EMPTY: tuple[Any, ...] = (None, [], {}, "")


def document(value: Any) -> Any:
    """A JSON document in a form that is equal for equal meaning: lists as sets, a list of one as its element.

    IAM, bucket, key, repository and lifecycle policies all read that way.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return value
    return _normal(value)


def _normal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _normal(item) for key, item in value.items()}
    if isinstance(value, list):
        items = sorted((_normal(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        return items[0] if len(items) == 1 else items
    return value


def _scalar_equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).lower() == str(other).lower()
    if isinstance(one, int | float) or isinstance(other, int | float):
        try:
            return float(one) == float(other)
        except (TypeError, ValueError):
            return False
    return bool(one == other)


def _is_empty(value: Any) -> bool:
    """Whether a value says nothing: nor does an object all of whose members say nothing."""
    return value in EMPTY or (isinstance(value, Mapping) and all(map(_is_empty, value.values())))


def same(one: Any, other: Any, *, is_document: bool = False, ordered: bool = False) -> bool:
    """Whether two values mean the same."""
    one, other = plain(one), plain(other)
    if UNKNOWN in (one, other):
        return False
    if _is_empty(one) and _is_empty(other):
        return True
    if is_document:
        return bool(document(one) == document(other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(same(one.get(k), other.get(k), ordered=ordered) for k in {*one, *other})
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and _lists(one, other, ordered=ordered, exact=True)
    return _scalar_equal(one, other)


def covers(given: Any, actual: Any, *, ordered: bool = False) -> bool:
    """Whether everything that was given is so; what the cloud added beside it doesn't matter."""
    if given in EMPTY:
        return actual in EMPTY or isinstance(actual, Mapping)
    if isinstance(given, Mapping) and isinstance(actual, Mapping):
        return all(covers(item, actual.get(key), ordered=ordered) for key, item in given.items())
    if isinstance(given, list) and isinstance(actual, list):
        return len(given) == len(actual) and _lists(given, actual, ordered=ordered, exact=False)
    return _scalar_equal(given, actual)


def _lists(one: list[Any], other: list[Any], *, ordered: bool, exact: bool) -> bool:
    equal = same if exact else covers
    if ordered:
        return all(equal(a, b, ordered=ordered) for a, b in zip(one, other, strict=True))
    left = list(other)
    for item in one:
        match = next((i for i, candidate in enumerate(left) if equal(item, candidate)), None)
        if match is None:
            return False
        left.pop(match)
    return True


def leaves(old: Any, new: Any, path: str) -> Iterator[tuple[str, str]]:
    """The paths at which two different values differ, each with ``add``, ``update`` or ``delete``."""
    old, new = (v.value if isinstance(v, Secret) else v for v in (old, new))
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            if not same(old.get(key), new.get(key)):
                yield from leaves(old.get(key), new.get(key), f"{path}{_step(key)}")
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_leaves(old, new, path)
    elif old in EMPTY:
        yield path, "add"
    else:
        yield path, "delete" if new in EMPTY else "update"


def _list_leaves(old: list[Any], new: list[Any], path: str) -> Iterator[tuple[str, str]]:
    # An element that merely moved is no difference; what is left is compared in order.
    gone = [(i, item) for i, item in enumerate(old) if not any(same(item, other) for other in new)]
    come = [(i, item) for i, item in enumerate(new) if not any(same(item, other) for other in old)]
    for (_, before), (at, after) in zip(gone, come, strict=False):
        yield from leaves(before, after, f"{path}[{at}]")
    for at, _ in gone[len(come) :]:
        yield f"{path}[{at}]", "delete"
    for at, _ in come[len(gone) :]:
        yield f"{path}[{at}]", "add"
    if not gone and not come:
        yield path, "update"  # only the order, or how often an element comes


def _step(key: str) -> str:
    return f".{key}" if key.replace("_", "a").isalnum() else f'["{key}"]'
