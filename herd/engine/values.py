"""Property values: plain JSON data plus two marks, `Secret` and `UNKNOWN`, and their form on the wire.

Assets and resource references stay the tagged objects they are on the wire (`{SIG: …}`), so that they pass unchanged.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from google.protobuf import struct_pb2

from components.base.problems import InvalidInputError, Problem
from herd.signatures import ARCHIVE, ASSET, OUTPUT, RESOURCE, SECRET, SIG, UNKNOWN_MARKS, UNKNOWN_STRING

Props = dict[str, Any]

_MAX_EXACT = 2**53


class Unknown:
    """A value that only the provider will know; there is one, `UNKNOWN`."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that is encrypted wherever it is stored and blinded wherever it is shown."""

    value: Any


def from_struct(message: struct_pb2.Struct | None, dependencies: set[str] | None = None) -> Props:
    """The properties of a request; output values become plain, what they depend on is added to `dependencies`."""
    if message is None:
        return {}
    found: set[str] = set() if dependencies is None else dependencies
    return {key: from_value(value, found) for key, value in sorted(message.fields.items())}


def from_value(value: struct_pb2.Value, dependencies: set[str]) -> Any:
    """One value of the wire."""
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in UNKNOWN_MARKS else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() and abs(number) < _MAX_EXACT else number
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return _tagged(
                {k: from_value(v, dependencies) for k, v in sorted(value.struct_value.fields.items())}, dependencies
            )
        case "list_value":
            return [from_value(v, dependencies) for v in value.list_value.values]
        case _:
            return None


def _tagged(value: Props, dependencies: set[str]) -> Any:
    match value.get(SIG):
        case None:
            return value
        case sig if sig == SECRET:
            return Secret(value.get("value"))
        case sig if sig == OUTPUT:
            dependencies.update(value.get("dependencies") or ())
            inner = value.get("value", UNKNOWN)
            return Secret(inner) if value.get("secret") else inner
        case sig if sig == ASSET and "hash" not in value:
            return value | {"hash": _asset_hash(value)}
        case sig if sig == ARCHIVE:
            raise UnsupportedError("archives")
    return value


class UnsupportedError(InvalidInputError):
    """A feature of Pulumi that this engine refuses, by its name."""

    def __init__(self, feature: str) -> None:
        message = f"the embedded engine does not support {feature}"
        super().__init__([Problem("", 0, "", message, "do without it here, or use the real Pulumi CLI")])
        self.feature = feature


def _asset_hash(asset: Props) -> str:
    if "text" in asset:
        return hashlib.sha256(asset["text"].encode()).hexdigest()
    if "path" in asset:
        return hashlib.sha256(Path(asset["path"]).read_bytes()).hexdigest()
    raise UnsupportedError("assets behind a URI")


@dataclass(frozen=True)
class Wire:
    """What the receiver of a message accepts: unknowns are dropped, secrets and resources laid bare if it doesn't."""

    unknowns: bool = True
    secrets: bool = True
    resources: bool = True

    def struct(self, props: Mapping[str, Any]) -> struct_pb2.Struct:
        """The properties as a message."""
        message = struct_pb2.Struct()
        message.update(self._data(props))
        return message

    def _data(self, value: Any) -> Any:
        if isinstance(value, dict):
            if value.get(SIG) == RESOURCE and not self.resources:
                return value["id"] if isinstance(value.get("id"), str) else value.get("urn", "")
            return {k: self._data(v) for k, v in value.items() if not self._dropped(v)}
        if isinstance(value, list):
            return [self._data(v) for v in value if not self._dropped(v)]
        if isinstance(value, Secret):
            inner = self._data(value.value)
            return {SIG: SECRET, "value": inner} if self.secrets else inner
        return UNKNOWN_STRING if value is UNKNOWN else value

    def _dropped(self, value: Any) -> bool:
        while isinstance(value, Secret):
            value = value.value
        return value is UNKNOWN and not self.unknowns


def equal(a: Any, b: Any, *, strict: bool = False) -> bool:
    """Deep equality as Pulumi sees it: true is not 1, unknowns equal each other, secrets by their value.

    A null member counts as absent, unless `strict`.
    """
    if isinstance(a, dict) and isinstance(b, dict):
        if strict and a.keys() != b.keys():
            return False
        return all(equal(a.get(k), b.get(k), strict=strict) for k in a.keys() | b.keys())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(equal(x, y, strict=strict) for x, y in zip(a, b, strict=True))
    if isinstance(a, Secret) and isinstance(b, Secret):
        return equal(a.value, b.value, strict=strict)
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def contains(value: Any, test: Callable[[Any], bool]) -> bool:
    """Whether the value, or one inside it, passes the test."""
    if test(value):
        return True
    if isinstance(value, Secret):
        return contains(value.value, test)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(contains(v, test) for v in inner)


def has_unknowns(value: Any) -> bool:
    """Whether anything in the value is unknown."""
    return contains(value, lambda v: v is UNKNOWN)


def has_secrets(value: Any) -> bool:
    """Whether anything in the value is secret."""
    return contains(value, lambda v: isinstance(v, Secret))


def plain(value: Any) -> Any:
    """The value without its secret marks."""
    return mapped(value, lambda secret: plain(secret.value))


def mapped(value: Any, secret: Callable[[Secret], Any], unknown: Any = UNKNOWN) -> Any:
    """A copy with each secret and each unknown replaced."""
    if isinstance(value, dict):
        return {k: mapped(v, secret, unknown) for k, v in value.items()}
    if isinstance(value, list):
        return [mapped(v, secret, unknown) for v in value]
    if isinstance(value, Secret):
        return secret(value)
    return unknown if value is UNKNOWN else value


def bare_unknowns(value: Any) -> Any:
    """The value with unknowns that will be secret as mere unknowns: there is nothing to hide yet."""
    return mapped(value, lambda secret: UNKNOWN if secret.value is UNKNOWN else secret)


def blinded(props: Any) -> Any:
    """The properties as events show them: secrets hidden, unknowns by their sentinel."""
    return mapped(props, lambda _: {SIG: SECRET, "ciphertext": "[secret]"}, UNKNOWN_STRING)


def as_secret(value: Any) -> Secret:
    """The value, marked secret."""
    return value if isinstance(value, Secret) else Secret(value)


def annotate_secrets(outs: Props, ins: Props) -> None:
    """Mark again what came back in the clear from a provider that doesn't accept secrets."""
    for key, value in ins.items():
        if key not in outs:
            continue
        if isinstance(outs[key], dict) and isinstance(value, dict):
            annotate_secrets(outs[key], value)
        elif not isinstance(outs[key], Secret) and has_secrets(value):
            outs[key] = Secret(outs[key])


def canonical(value: Any) -> str:
    """Compact JSON with sorted keys."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def b64(data: bytes) -> str:
    """Standard base64 as text."""
    return base64.b64encode(data).decode()
