"""Property values as the engine sends them, as the law's values: unknowns hidden, secrets as the SDK shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from google.protobuf.struct_pb2 import Struct, Value
from pulumi_policy import proxy
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from policies.engine.node import Path, show_path
from policies.engine.values import SECRET, UNKNOWN, Hidden, provider_inputs

_HIDDEN: Final[Mapping[str, Hidden]] = {
    **{
        value: UNKNOWN for name, value in vars(proxy).items() if name.startswith("UNKNOWN_") and name.endswith("_VALUE")
    },
    # What `pulumi policy analyze --file` shows of a secret that it can't decrypt.
    "[secret]": SECRET,
}


def plain(properties: Struct) -> dict[str, Any]:
    """Properties as plain data with `Hidden` in the places of unknowns."""
    return {key: _plain(value) for key, value in properties.fields.items()}


def _plain(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return _HIDDEN.get(text, text)
    if kind == "struct_value":
        entries = plain(value.struct_value)
        if entries.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
            # Policies see secrets in clear, as they do through Pulumi's own SDK.
            return entries.get("value")
        return entries
    if kind == "list_value":
        return [_plain(item) for item in value.list_value.values]
    if kind == "number_value":
        # The wire knows doubles alone; `3.0` is no version of a launch template.
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def of_provider(properties: Struct) -> dict[str, Any]:
    """A provider's inputs: unknowns and secrets stand in their JSON text as they do on the wire."""
    return {key: _meant(value) for key, value in provider_inputs(plain(properties)).items()}


def _meant(value: Any) -> Any:
    if isinstance(value, dict):
        secret = value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG
        return _meant(value.get("value")) if secret else {key: _meant(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_meant(item) for item in value]
    return _HIDDEN.get(value, value) if isinstance(value, str) else value


def secret_places(properties: Struct) -> tuple[str, ...]:
    """The properties whose values are secrets, as people write them."""
    if SPECIAL_SECRET_SIG.encode() not in properties.SerializeToString():
        return ()
    return tuple(show_path(path) for path in _secrets(properties, ()))


def _secrets(properties: Struct, path: Path) -> Iterator[Path]:
    if SPECIAL_SIG_KEY in properties and properties[SPECIAL_SIG_KEY] == SPECIAL_SECRET_SIG:
        yield path
        return
    for key, value in properties.fields.items():
        yield from _secrets_below(value, (*path, key))


def _secrets_below(value: Value, path: Path) -> Iterator[Path]:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        yield from _secrets(value.struct_value, path)
    elif kind == "list_value":
        for index, item in enumerate(value.list_value.values):
            yield from _secrets_below(item, (*path, index))
