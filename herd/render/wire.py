"""Property values between Pulumi's wire form and the graph's plain one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf import struct_pb2

from herd import signatures
from herd.graph.symbols import SECRET, UNKNOWN
from herd.signatures import SIG


def plain_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A struct as plain data; secrets and unknowns become the graph's marks, whole numbers integers."""
    return {key: plain(value) for key, value in struct.fields.items()}


def plain(value: struct_pb2.Value) -> Any:
    """One value as plain data. A secret's content is dropped here, before anything could print it."""
    return _PLAIN[value.WhichOneof("kind")](value)


def _number(value: struct_pb2.Value) -> int | float:
    number = value.number_value
    return int(number) if number.is_integer() else number


def _map(value: struct_pb2.Value) -> Any:
    fields = value.struct_value.fields
    return _special(fields) if SIG in fields else {key: plain(item) for key, item in fields.items()}


def secret(value: Any) -> dict[str, Any]:
    """A value wrapped as the wire marks a secret."""
    return {SIG: signatures.SECRET, "value": value}


def is_secret(value: struct_pb2.Value) -> bool:
    """Whether a value is wrapped as a secret."""
    fields = value.struct_value.fields  # empty for what is no struct
    return SIG in fields and fields[SIG].string_value == signatures.SECRET


def _special(fields: Any) -> Any:
    signature = fields[SIG].string_value
    if signature == signatures.SECRET:
        return SECRET
    if signature == signatures.OUTPUT:
        if "secret" in fields and fields["secret"].bool_value:
            return SECRET
        return plain(fields["value"]) if "value" in fields else UNKNOWN
    # Assets, archives and references to resources stay in Pulumi's own form, which says what they are.
    return {key: plain(item) for key, item in fields.items()}


_PLAIN: dict[str | None, Callable[[struct_pb2.Value], Any]] = {
    "string_value": lambda value: UNKNOWN if value.string_value == signatures.UNKNOWN_STRING else value.string_value,
    "number_value": _number,
    "bool_value": lambda value: value.bool_value,
    "list_value": lambda value: [plain(item) for item in value.list_value.values],
    "struct_value": _map,
    "null_value": lambda _: None,
    None: lambda _: None,
}
