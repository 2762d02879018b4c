"""Property values on the wire: unknowns, secrets, and the protobuf structs that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

from herd import signatures

SIGNATURE: Final = signatures.SIG
SECRET: Final = signatures.SECRET
UNKNOWN_TEXT: Final = signatures.UNKNOWN_STRING
DEFAULTS: Final = "__defaults"


class Unknown:
    """A value only known after a real update."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that must stay wrapped wherever it goes back to the engine."""

    value: Any

    def __repr__(self) -> str:
        return "<secret>"


def _load(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET:
            return Secret(_load(fields["value"]))
        return {key: _load(item) for key, item in fields.items()}
    if kind == "list_value":
        return [_load(item) for item in value.list_value.values]
    if kind == "number_value":
        return int(value.number_value) if value.number_value.is_integer() else value.number_value
    if kind == "string_value":
        return UNKNOWN if value.string_value == UNKNOWN_TEXT else value.string_value
    return value.bool_value if kind == "bool_value" else None


def load(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A struct as Python values; nulls are left out."""
    values = {key: _load(value) for key, value in struct.fields.items()}
    return {key: value for key, value in values.items() if value is not None}


def _dump(value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET, "value": _dump(value.value)}
    if isinstance(value, Mapping):
        return {key: _dump(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_dump(item) for item in value]
    return value


def dump(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Python values as a struct."""
    struct = struct_pb2.Struct()
    struct.update(_dump(values))
    return struct


def plain(value: Any) -> Any:
    """The value without its secret wrappers."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def holds(value: Any, kind: type) -> bool:
    """Whether an `Unknown` or a `Secret` is in the value."""
    if isinstance(value, kind):
        return True
    if isinstance(value, Secret):
        return holds(value.value, kind)
    if isinstance(value, Mapping):
        return any(holds(item, kind) for item in value.values())
    return isinstance(value, list) and any(holds(item, kind) for item in value)


def secret_again(values: Mapping[str, Any], *sources: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap every top-level value whose namesake in one of the sources holds a secret."""
    names = {key for source in sources for key, value in source.items() if holds(value, Secret)}
    return {k: Secret(v) if k in names and not isinstance(v, Secret) else v for k, v in values.items()}
