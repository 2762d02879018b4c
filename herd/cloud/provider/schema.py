"""The wire schema of resource types: which inputs and outputs there are, their types, and values made to fit."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from herd.cloud.provider.wire import UNKNOWN, Secret

IGNORED = frozenset({"__defaults", "timeouts"})


@dataclass(frozen=True)
class Schema:
    """Inputs, required inputs and outputs of one type, by wire name."""

    inputs: Mapping[str, Any]
    required: tuple[str, ...]
    outputs: Mapping[str, Any]


@functools.cache
def _load() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(__file__).with_name("schema.json").read_text(encoding="utf-8"))
    return data


@functools.cache
def schema(token: str) -> Schema:
    """The schema of a type that has a row."""
    data = _load()["types"][token]
    return Schema(data["inputs"], tuple(data["required"]), data["outputs"])


def version() -> str:
    """The release of pulumi_aws that the schema was read from."""
    return str(_load()["version"])


def problems(kind: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    """What doesn't fit a type: unknown property names and wrong kinds, as (path, reason)."""
    if isinstance(value, Secret):
        value = value.value
    if value is UNKNOWN or value is None or kind == "any":
        return
    if not isinstance(kind, dict):
        if coerce(kind, value) is None:
            yield path, f"expected {kind}, got {value!r}"
        return
    yield from _problems_inside(*next(iter(kind.items())), value, path)


def _problems_inside(form: str, inner: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if form == "list" and not isinstance(value, list):
        yield path, f"expected a list, got {_kind(value)}"
    elif form != "list" and not isinstance(value, dict):
        yield path, f"expected {'an object' if form == 'object' else 'a map'}, got {_kind(value)}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from problems(inner, item, f"{path}[{index}]")
    else:
        for key, item in value.items():
            if form == "object" and key not in inner:
                yield f"{path}.{key}", f"unknown property; there are {', '.join(sorted(inner))}"
            else:
                yield from problems(inner[key] if form == "object" else inner, item, f"{path}.{key}")


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}.get(type(value), "a number")


def coerce(kind: Any, value: Any) -> Any:
    """A scalar as its type wants it (``"5"`` for 5 and back, as Terraform does); None if it can't be."""
    if kind == "string":
        if isinstance(value, bool):
            return "true" if value else "false"
        return format(value, "g") if isinstance(value, float) else str(value) if isinstance(value, int | str) else None
    if kind == "boolean":
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    if number.is_integer():
        return int(number)
    return number if kind == "number" else None
