"""Property values: plain JSON data plus two marks, `Secret` and `UNKNOWN`, and their form on the wire.

Assets and resource references stay the tagged objects they are on the wire (`{SIG: …}`), so that they pass through unchanged.
Signatures: Pulumi's sdk/go/common/resource/sig; unknowns: pkg/resource/plugin/rpc.go.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any, Final

from google.protobuf import struct_pb2

from components.base.problems import InvalidInputError, Problem

Props = dict[str, Any]
Path = list[str | int]
"""Steps of a property path such as `rules[0].name`; `*` stands for every key or index."""

SIG: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS = frozenset(
    {
        UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
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


class _Absent:
    pass


ABSENT: Final = _Absent()


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
            return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
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
        return hashlib.sha256(File(asset["path"]).read_bytes()).hexdigest()
    raise UnsupportedError("assets behind a URI")


@dataclass(frozen=True)
class Wire:
    """What the receiver of a message accepts; what it doesn't is dropped (unknowns) or laid bare (secrets, resources)."""

    unknowns: bool = True
    secrets: bool = True
    resources: bool = True

    def struct(self, props: Mapping[str, Any]) -> struct_pb2.Struct:
        """The properties as a message."""
        message = struct_pb2.Struct()
        fields = message.fields
        for key, value in props.items():
            if not self._dropped(value):
                self._fill(fields[key], value)
        return message

    def _dropped(self, value: Any) -> bool:
        while isinstance(value, Secret) and not self.secrets:
            value = value.value
        return value is UNKNOWN and not self.unknowns

    def _fill(self, message: struct_pb2.Value, value: Any) -> None:
        if value is None:
            message.null_value = struct_pb2.NULL_VALUE
        elif isinstance(value, bool):
            message.bool_value = value
        elif isinstance(value, (int, float)):
            message.number_value = value
        elif isinstance(value, str):
            message.string_value = value
        elif isinstance(value, list):
            message.list_value.SetInParent()
            for item in value:
                if not self._dropped(item):
                    self._fill(message.list_value.values.add(), item)
        elif isinstance(value, Secret):
            self._fill(message, {SIG: SECRET, "value": value.value} if self.secrets else value.value)
        elif isinstance(value, Unknown):
            message.string_value = UNKNOWN_STRING
        elif value.get(SIG) == RESOURCE and not self.resources:
            message.string_value = value.get("id") if isinstance(value.get("id"), str) else value.get("urn", "")
        else:
            message.struct_value.SetInParent()
            fields = message.struct_value.fields
            for key, item in value.items():
                if not self._dropped(item):
                    self._fill(fields[key], item)

    def value(self, value: Any) -> struct_pb2.Value:
        """A single value as a message."""
        message = struct_pb2.Value()
        self._fill(message, value)
        return message


def equal(a: Any, b: Any) -> bool:
    """Deep equality as Pulumi sees it: true is not 1; unknowns equal each other; secrets by their value."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(v, b[k]) for k, v in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, Secret) and isinstance(b, Secret):
        return equal(a.value, b.value)
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


# --- property paths: root.inner[0]["a.b"].*


def parse_path(path: str) -> Path:
    """The steps of a property path; raises ValueError if it is malformed."""
    steps: Path = []
    rest = path
    while rest:
        if rest[0] == "[":
            if rest.startswith('["'):
                end = 2
                while end < len(rest) and rest[end] != '"':
                    end += 2 if rest[end] == "\\" else 1
                if not rest[end : end + 2] == '"]':
                    raise ValueError(f"unterminated key in {path!r}")
                steps.append(rest[2:end].replace('\\"', '"'))
                rest = rest[end + 2 :]
            else:
                index, bracket, rest = rest[1:].partition("]")
                if not bracket or not (index == "*" or index.isdigit()):
                    raise ValueError(f"bad index in {path!r}")
                steps.append("*" if index == "*" else int(index))
            rest = rest.removeprefix(".") if rest[:1] == "." else rest
        else:
            end = next((i for i, c in enumerate(rest) if c in ".["), len(rest))
            if not end:
                raise ValueError(f"empty step in {path!r}")
            steps.append(rest[:end])
            rest = rest[end:]
            if rest[:1] == ".":
                rest = rest[1:]
                if not rest:
                    raise ValueError(f"{path!r} ends in a dot")
    return steps


def path_contains(outer: Path, inner: Path) -> bool:
    """Whether everything under `inner` is under `outer`; `*` in `outer` stands for any one step."""
    return len(outer) <= len(inner) and all(o in ("*", i) for o, i in zip(outer, inner, strict=False))


def reset_path(path: Path, old: Any, new: Any, *, secret: bool = False) -> bool:
    """Put the old value at `path` back into `new`, in place; false where the two can't be matched (PropertyPath.Reset).

    `secret` says that the old value lies inside a secret and the new one doesn't.
    """
    if isinstance(old, Secret):
        old, secret = old.value, True
    if isinstance(new, Secret):
        new, secret = new.value, False

    def kept(value: Any) -> Any:
        return as_secret(value) if secret else value

    step, rest = path[0], path[1:]
    if step == "*":
        return _reset_all(rest, old, new, kept, secret=secret)
    kind = list if isinstance(step, int) else dict
    has_old = isinstance(old, kind) and (step < len(old) if isinstance(step, int) else step in old)
    has_new = isinstance(new, kind) and (step < len(new) if isinstance(step, int) else step in new)
    if rest:
        if not (isinstance(old, kind) and isinstance(new, kind)):
            return not isinstance(old, kind) and not isinstance(new, kind)
        if has_old and has_new:
            return reset_path(rest, old[step], new[step], secret=secret)
        return kind is dict and not has_old and (not has_new or reset_path(rest, None, new[step]))
    if isinstance(step, int):
        if has_old and has_new:
            new[step] = kept(old[step])
            return True
        return isinstance(old, list) == isinstance(new, list) and not has_old and not has_new
    if has_old:
        if not isinstance(new, dict):
            return False
        new[step] = kept(old[step])
    elif has_new:
        del new[step]
    return True


def _reset_all(rest: Path, old: Any, new: Any, kept: Callable[[Any], Any], *, secret: bool) -> bool:
    if isinstance(old, list) and isinstance(new, list):
        for i in range(min(len(old), len(new))):
            if not rest:
                new[i] = kept(old[i])
            elif not reset_path(rest, old[i], new[i], secret=secret):
                return False
        return len(old) == len(new)
    if rest:
        if not (isinstance(old, dict) and isinstance(new, dict)):
            return False
        return all(k in new and reset_path(rest, v, new[k], secret=secret) for k, v in old.items())
    if isinstance(old, dict) and isinstance(new, dict):
        new.clear()
        new.update({k: kept(v) for k, v in old.items()})
    return isinstance(new, (dict, list))


def canonical(value: Any) -> str:
    """Compact JSON with sorted keys."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def b64(data: bytes) -> str:
    """Standard base64 as text."""
    return base64.b64encode(data).decode()
