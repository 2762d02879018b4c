"""Eventual consistency: what was just created is not found by reads for a while.

A read that names a new object is answered as if it named one that doesn't exist: its identifiers are changed on the
way in and back on the way out, so every service answers in its own way (an error, an empty list). A read that lists
has the new object taken out of its answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from herd.cloud.errors import AwsError
from herd.cloud.wire import Answer, Call

_CREATES = ("Create", "Run", "Allocate", "Register", "Request")
_READS = ("Describe", "Get", "List", "Head", "BatchGet")
_SUFFIXES = ("Id", "ID", "Arn", "ARN", "Name", "Identifier")
# Identifiers whose name doesn't tell what they belong to.
_ODD_KEYS = {"Address": ("AllocationId",), "Bucket": ("Bucket", "Name")}


@dataclass(frozen=True)
class _Hidden:
    service: str
    account: str
    region: str
    noun: str
    ids: frozenset[str]
    until: float


class Staleness:
    """What is hidden, and until when."""

    def __init__(self) -> None:
        self._hidden: list[_Hidden] = []

    def created(self, call: Call, answer: Answer, seconds: float) -> None:
        """Hide what a call created from reads."""
        verb = _verb(call.operation, _CREATES)
        if not verb:
            return
        try:
            result = call.read(answer)
        except AwsError:
            return
        noun = call.operation.removeprefix(verb).rstrip("s")
        ids = {value for key, value in _scalars(call.params) if _identifies(key, noun)}
        ids |= {value for key, value in _scalars(result) if _identifies(key, noun)}
        ids.discard(call.account)
        if ids:
            until = time.monotonic() + seconds
            self._hidden.append(_Hidden(call.service, call.account, call.region, noun, frozenset(ids), until))

    def read(self, call: Call, answer: Callable[[], Answer]) -> Answer:
        """Answer a call without showing it what is hidden."""
        hidden = self._ids(call)
        if not hidden:
            return answer()
        named = [identifier for identifier in hidden if identifier in set(_strings(call.params))]
        if named:
            return _blind(call, named, answer)
        shown = answer()
        try:
            result = call.read(shown)
        except AwsError:
            return shown
        pruned = _without(result, set(hidden))
        return shown if pruned == result else call.answer(pruned)

    def _ids(self, call: Call) -> list[str]:
        verb = _verb(call.operation, _READS)
        if not verb or not self._hidden:
            return []
        now = time.monotonic()
        self._hidden = [each for each in self._hidden if each.until > now]
        subject = call.operation.removeprefix(verb)
        return sorted(
            {
                identifier
                for each in self._hidden
                if (each.service, each.account, each.region) == (call.service, call.account, call.region)
                and (_singular(subject) == each.noun or (verb != "List" and subject.startswith(each.noun)))
                for identifier in each.ids
            },
            key=len,
            reverse=True,
        )


def _blind(call: Call, named: list[str], answer: Callable[[], Answer]) -> Answer:
    """Answer a call as if the identifiers it names did not exist."""
    swaps = {identifier: _other(identifier) for identifier in named}
    original = replace(call, environ=dict(call.environ))
    call.params = _swapped(call.params, swaps)
    call.body = _swap_bytes(call.body, swaps)
    for key in ("PATH_INFO", "QUERY_STRING", "RAW_URI", "REQUEST_URI"):
        if key in call.environ:
            call.environ[key] = _swap_bytes(call.environ[key].encode("latin-1"), swaps).decode("latin-1")
    try:
        shown = answer()
    except AwsError as error:
        raise AwsError(error.code, _swapped(error.message, _back(swaps)), error.status) from error
    finally:
        call.params, call.body = original.params, original.body
        call.environ.update(original.environ)
    shown.body = _swap_bytes(shown.body, _back(swaps))
    return shown


def _back(swaps: dict[str, str]) -> dict[str, str]:
    return {new: old for old, new in swaps.items()}


def _verb(operation: str, verbs: tuple[str, ...]) -> str:
    return next((verb for verb in verbs if operation.startswith(verb)), "")


def _singular(noun: str) -> str:
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    if noun.endswith("sses"):
        return noun[:-2]
    return noun.rstrip("s")


def _identifies(key: str, noun: str) -> bool:
    if key in _ODD_KEYS.get(noun, ()):
        return True
    suffix = next((each for each in _SUFFIXES if key.endswith(each)), None)
    if suffix is None:
        return False
    stem = key.removesuffix(suffix).lower()
    return stem in {"", "resource"} or noun.lower().endswith(stem)


def _scalars(value: Any, depth: int = 2) -> Iterator[tuple[str, str]]:
    """Keys and strings of a structure, of the structures in it, and of lists of strings."""
    for key, item in value.items():
        if isinstance(item, str):
            yield key, item
        elif isinstance(item, list) and item and isinstance(item[0], str):
            yield from ((key.rstrip("s"), each) for each in item)
        elif isinstance(item, dict) and depth > 1:
            yield from _scalars(item, depth - 1)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item)


def _other(identifier: str) -> str:
    """An identifier of the same shape that names nothing: its last four letters and digits moved on."""
    moved, left = [], 4
    for char in reversed(identifier):
        if left and char.isascii() and char.isalnum():
            left -= 1
            moved.append(_moved(char))
        else:
            moved.append(char)
    return "".join(reversed(moved))


def _moved(char: str) -> str:
    for alphabet in ("0123456789", "abcdef", "ABCDEF", "ghijklmnopqrstuvwxyz", "GHIJKLMNOPQRSTUVWXYZ"):
        if char in alphabet:
            return alphabet[(alphabet.index(char) + len(alphabet) // 2) % len(alphabet)]
    return char


def _swapped(value: Any, swaps: dict[str, str]) -> Any:
    if isinstance(value, str):
        for old, new in swaps.items():
            value = value.replace(old, new)
        return value
    if isinstance(value, dict):
        return {key: _swapped(item, swaps) for key, item in value.items()}
    if isinstance(value, list):
        return [_swapped(item, swaps) for item in value]
    return value


def _swap_bytes(data: bytes, swaps: dict[str, str]) -> bytes:
    for old, new in swaps.items():
        data = data.replace(old.encode(), new.encode())
        data = data.replace(quote(old, safe="").encode(), quote(new, safe="").encode())
    return data


def _without(value: Any, hidden: set[str]) -> Any:
    """A result without the list items that are, or directly hold, a hidden identifier."""
    if isinstance(value, dict):
        return {key: _without(item, hidden) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item, hidden) for item in value if not _is_hidden(item, hidden)]
    return value


def _is_hidden(item: Any, hidden: set[str]) -> bool:
    if isinstance(item, dict):
        return any(isinstance(each, str) and each in hidden for each in item.values())
    return isinstance(item, str) and item in hidden
