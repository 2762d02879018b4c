"""Resources that are settings of another one, and name it: a bucket's policy, a file system's links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from policies.engine.node import Node
from policies.engine.subject import Stack, Subject
from policies.engine.types import canonical
from policies.engine.values import Reference, UnevaluatedError

_NAMES: Final = ("bucket", "name", "domainName", "id", "arn")


@dataclass
class _Index:
    """Who names what by one property of one type.

    Attributes:
        by_owner: URN of the resource that a symbol names -> who names it.
        by_text: Id, ARN or name -> who names it.
        hidden: The first one that can't be seen.
    """

    by_owner: dict[str, list[Subject]] = field(default_factory=dict)
    by_text: dict[str, list[Subject]] = field(default_factory=dict)
    hidden: UnevaluatedError | None = None


@dataclass
class _Called:
    """What others may call the resources of a type.

    Attributes:
        found: Id, ARN or name -> the resource; of two with one name the first.
        unsure: Why the name of some resource can't be seen.
    """

    found: dict[str, Subject] = field(default_factory=dict)
    unsure: UnevaluatedError | None = None


# Made once a stack: a rule asks for it at every bucket, and looking through all policies each time grows as the square.
_INDEXES: Final[WeakKeyDictionary[Stack, dict[tuple[str, str], _Index]]] = WeakKeyDictionary()
_KNOWN: Final[WeakKeyDictionary[Stack, dict[str, _Called]]] = WeakKeyDictionary()


def names(node: Node, target: Subject, stack: Stack) -> bool:
    """Whether a property names a resource: by symbol, by id or ARN, or by the name that both of them spell out.

    Raises:
        UnevaluatedError: The property is unknown.
    """
    value = node.text()
    if not value or isinstance(value, Reference):
        return bool(value) and stack.target(value) is target
    return value in _called(target)


def named(node: Node, stack: Stack, *types: str) -> Subject | None:
    """The resource of some types that a property names; None if it is outside the stack.

    Raises:
        UnevaluatedError: The property is unknown, or the name of a resource that it may mean.
    """
    value = node.text()
    if not value or isinstance(value, Reference):
        target = stack.target(value)
        return target if target is not None and target.type in map(canonical, types) else None
    called = [_names(stack, name) for name in types]
    found = next((one.found[value] for one in called if value in one.found), None)
    unsure = next((one.unsure for one in called if one.unsure), None)
    if found is None and unsure is not None:
        raise unsure
    return found


def naming(stack: Stack, target: Subject, key: str, *types: str) -> Iterator[Subject]:
    """The resources of some types whose property (`bucket`, `accessLogs.bucket`) names another one.

    Raises:
        UnevaluatedError: None is known to name it, and one may yet.
    """
    indexes = [_index(stack, type_, key) for type_ in types]
    called = _called(target)
    found = [one for index in indexes for one in index.by_owner.get(target.urn, ())]
    found += [one for index in indexes for text in called for one in index.by_text.get(text, ())]
    yield from dict.fromkeys(found)
    hidden = next((index.hidden for index in indexes if index.hidden), None)
    if hidden is not None and not found:
        raise UnevaluatedError(hidden.reason, str(hidden), hidden.path)


def _names(stack: Stack, type_: str) -> _Called:
    known = _KNOWN.setdefault(stack, {})
    if type_ not in known:
        made = known[type_] = _Called()
        for one in stack.of_type(type_):
            try:
                for text in _called(one):
                    made.found.setdefault(text, one)
            except UnevaluatedError as error:
                # Kept, and raised when a name isn't found: it may be this one's.
                made.unsure = made.unsure or error
    return known[type_]


def _called(target: Subject) -> set[str]:
    """What others may call it. A bucket's policy has the bucket's own name for an id, so ids alone don't tell."""
    said = (place.text(key) for place in (target.outputs, target.props) for key in _NAMES if place.entries())
    return {text for text in said if text and not isinstance(text, Reference)}


def _index(stack: Stack, type_: str, key: str) -> _Index:
    indexes = _INDEXES.setdefault(stack, {})
    if (type_, key) not in indexes:
        made = indexes[type_, key] = _Index()
        for one in stack.of_type(type_):
            try:
                for node in _places(one.props, key.split(".")):
                    _note(made, node, one)
            except UnevaluatedError as error:
                # Others may name the target for certain; only if none does is this one needed.
                made.hidden = made.hidden or error
    return indexes[type_, key]


def _note(index: _Index, node: Node, one: Subject) -> None:
    value = node.text()
    if isinstance(value, Reference):
        index.by_owner.setdefault(value.owner, []).append(one)
    elif value:
        index.by_text.setdefault(value, []).append(one)


def _places(node: Node, keys: list[str]) -> Iterator[Node]:
    nodes = [node]
    for key in keys[:-1]:
        nodes = [below for above in nodes for below in above.each(key)]
    yield from (above.at(keys[-1]) for above in nodes)
