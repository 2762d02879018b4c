"""What shape an output has: the symbols that stand for the properties a resource class declares.

The SDK's own annotations say it. A property typed ``Output[str]`` is always set once the cloud has answered, so it gets
a symbol; ``Output[Optional[str]]`` is null unless the program sets it. Below the top level the generated classes don't
tell computed members from optional ones, so there every missing member gets a symbol. Numbers and booleans are symbol
strings too: they survive `str`, formatting and JSON, and arithmetic on them fails instead of lying.
"""

from __future__ import annotations

import collections.abc
import enum
import functools
import json
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import _types


@dataclass(frozen=True)
class Leaf:
    """A single value.

    Attributes:
        number: A number or a boolean.
    """

    number: bool = False


@dataclass(frozen=True)
class ListOf:
    """A list, shown with one element."""

    item: Shape


@dataclass(frozen=True)
class MapOf:
    """A map, shown with one entry under the key ``*``."""

    item: Shape


@dataclass(frozen=True)
class Nested:
    """A nested output type of the SDK."""

    cls: type


Shape = Leaf | ListOf | MapOf | Nested
_LEAF = Leaf()


def missing_outputs(cls: type, unset: Iterable[str], given: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The symbols of every declared output that the inputs don't already answer.

    Args:
        cls: The resource's class.
        unset: Outputs that the constructor listed; those the class has no annotation for get a plain symbol.
        given: The inputs as plain data in Pulumi's camelCase.
        prefix: The symbols' text up to the path, such as ``${URN.``.

    Returns:
        Property -> its whole value: symbols, or the input with symbols for the members it lacks.
    """
    found: dict[str, Any] = {}
    typed = declared(cls)
    for name in unset:
        if name not in typed and name not in ("urn", "id"):
            found[name] = symbols(_LEAF, prefix, name)
    for name, (shape, always) in typed.items():
        if name not in given:
            if always:
                found[name] = symbols(shape, prefix, name)
        elif isinstance(shape, Leaf):
            # pulumi-aws takes IAM documents as maps, too, and gives back their text.
            if isinstance(given[name], dict | list):
                found[name] = json.dumps(given[name])
        else:
            completed = complete(shape, prefix, name, given[name])
            if completed != given[name]:
                found[name] = completed
    return found


def invoke_result(cls: type | None, arguments: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The symbols of a function's result, with the arguments that it gives back.

    Numbers and booleans are left out, which makes them null: the SDK's result classes refuse a symbol for them.
    """
    shapes = members(cls) if cls is not None else {}
    return {
        name: _given(shape, arguments[name]) if name in arguments else symbols(shape, prefix, name)
        for name, shape in shapes.items()
        if name in arguments or shape != Leaf(number=True)
    }


def _given(shape: Shape, value: Any) -> Any:
    """An argument as the provider gives it back: it reads `"true"` as a boolean, and the SDK insists on one."""
    return value == "true" if shape == Leaf(number=True) and value in ("true", "false") else value


def symbols(shape: Shape, prefix: str, path: str, inside: tuple[type, ...] = ()) -> Any:
    """The symbols of one value of unknown content."""
    if isinstance(shape, ListOf):
        return [symbols(shape.item, prefix, f"{path}[0]", inside)]
    if isinstance(shape, MapOf):
        return {"*": symbols(shape.item, prefix, f"{path}[*]", inside)}
    if isinstance(shape, Nested):
        if shape.cls in inside:  # a type that holds itself (WAF rules do) ends here instead of never
            return {}
        within = (*inside, shape.cls)
        return {name: symbols(member, prefix, f"{path}.{name}", within) for name, member in members(shape.cls).items()}
    return f"{prefix}{path}}}"


def complete(shape: Shape, prefix: str, path: str, value: Any) -> Any:
    """A value the program gave, with symbols for the members that it leaves to the cloud."""
    if isinstance(shape, ListOf) and isinstance(value, list):
        return [complete(shape.item, prefix, f"{path}[{index}]", item) for index, item in enumerate(value)]
    if isinstance(shape, MapOf) and isinstance(value, dict):
        return {key: complete(shape.item, prefix, f"{path}.{key}", item) for key, item in value.items()}
    if isinstance(shape, Nested) and isinstance(value, dict):
        answered = {
            name: complete(member, prefix, f"{path}.{name}", value[name])
            if name in value
            else symbols(member, prefix, f"{path}.{name}", (shape.cls,))
            for name, member in members(shape.cls).items()
        }
        return {**value, **answered}
    return value


@functools.cache
def declared(cls: type) -> dict[str, tuple[Shape, bool]]:
    """Property -> its shape, and whether the cloud always fills it in; empty for an untyped resource."""
    hints = {**_types._types_from_annotations(cls), **_types._raw_return_hints(cls)}
    # The cluster fills every object's status in, and pulumi_kubernetes says that it may be missing all the same.
    filled = {"status"} if cls.__module__.startswith("pulumi_kubernetes.") else set()
    return {
        name: (shape, name in filled or not _optional(hint))
        for name, hint in hints.items()
        if name not in ("urn", "id") and (shape := shape_of(hint)) is not None
    }


@functools.cache
def members(cls: type) -> dict[str, Shape]:
    """Member -> shape of a nested output type."""
    typed = _types.output_type_types(cls)
    return {name: shape for name, hint in typed.items() if (shape := shape_of(hint)) is not None}


def shape_of(hint: Any) -> Shape | None:
    """The shape behind a type annotation; None for an enum, which the SDK won't take a symbol for."""
    hint = _unwrapped(hint)
    kind, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    if kind in (list, collections.abc.Sequence):
        item = shape_of(arguments[-1]) if arguments else _LEAF
        return ListOf(item) if item else None
    if kind in (dict, collections.abc.Mapping):
        item = shape_of(arguments[-1]) if arguments else _LEAF
        return MapOf(item) if item else None
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return None
    return Nested(hint) if isinstance(hint, type) and _types.is_output_type(hint) else Leaf(hint in (int, float, bool))


def _unwrapped(hint: Any) -> Any:
    """The type inside Output and Optional; of a union the plain string, or else its first member."""
    while True:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is pulumi.Output:
            hint = arguments[0]
        elif origin in (typing.Union, types.UnionType):
            real = [argument for argument in arguments if argument is not type(None)]
            hint = str if str in real else real[0]
        else:
            return hint


def _optional(hint: Any) -> bool:
    if typing.get_origin(hint) is pulumi.Output:
        (hint,) = typing.get_args(hint)
    return type(None) in typing.get_args(hint)
