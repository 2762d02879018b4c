"""Property values between Pulumi's wire form and the graph's plain one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf import struct_pb2

from herd.graph.symbols import SECRET, UNKNOWN

# Pulumi's magic strings: sdk/go/common/resource/sig and resource/plugin/rpc.go.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature, not a password
OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


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
    return _special(fields) if SIGNATURE in fields else {key: plain(item) for key, item in fields.items()}


def secret(value: Any) -> dict[str, Any]:
    """A value wrapped as the wire marks a secret."""
    return {SIGNATURE: SECRET_SIGNATURE, "value": value}


def is_secret(value: struct_pb2.Value) -> bool:
    """Whether a value is wrapped as a secret."""
    fields = value.struct_value.fields  # empty for what is no struct
    return SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET_SIGNATURE


def _special(fields: Any) -> Any:
    signature = fields[SIGNATURE].string_value
    if signature == SECRET_SIGNATURE:
        return SECRET
    if signature == OUTPUT_SIGNATURE:
        if "secret" in fields and fields["secret"].bool_value:
            return SECRET
        return plain(fields["value"]) if "value" in fields else UNKNOWN
    # Assets, archives and references to resources stay in Pulumi's own form, which says what they are.
    return {key: plain(item) for key, item in fields.items()}


_PLAIN: dict[str | None, Callable[[struct_pb2.Value], Any]] = {
    "string_value": lambda value: UNKNOWN if value.string_value == UNKNOWN_SENTINEL else value.string_value,
    "number_value": _number,
    "bool_value": lambda value: value.bool_value,
    "list_value": lambda value: [plain(item) for item in value.list_value.values],
    "struct_value": _map,
    "null_value": lambda _: None,
    None: lambda _: None,
}
