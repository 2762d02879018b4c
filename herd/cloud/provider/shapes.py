"""Wire values (camelCase, as pulumi_aws sends them) to botocore parameters and back, by the two schemas.

Names match when they are equal but for case and plural; a row lists the exceptions. A wire list of one stands for a
structure and the other way round, because the bridge flattens Terraform's blocks of at most one element.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.model import OperationModel, StructureShape

from herd.cloud.provider.schema import coerce
from herd.cloud.provider.wire import UNKNOWN
from herd.cloud.validate import service_model

Names = Mapping[str, str]
# Shapes are `Any` here: botocore's classes for structures, lists and maps have different members.
NOTHING = StructureShape("Nothing", {"type": "structure", "members": {}})


def input_shape(service: str, operation: str) -> StructureShape:
    """The shape of an operation's parameters; an empty one where it takes none."""
    return operation_model(service, operation).input_shape or NOTHING


def output_shape(service: str, operation: str) -> StructureShape:
    """The shape of an operation's answer; an empty one where there is none."""
    return operation_model(service, operation).output_shape or NOTHING


@functools.cache
def operation_model(service: str, operation: str) -> OperationModel:
    """Botocore's model of an operation given by its boto3 method name."""
    model = service_model(service)
    for name in model.operation_names:
        if xform_name(name) == operation:
            return model.operation_model(name)
    raise LookupError(f"{service} has no operation {operation}")


def _forms(name: str) -> tuple[str, ...]:
    low = name.lower().replace("_", "")
    forms = [low]
    if low.endswith("ies"):
        forms.append(low[:-3] + "y")
    if low.endswith("es"):
        forms.append(low[:-2])
    if low.endswith("s"):
        forms.append(low[:-1])
    return tuple(forms)


@functools.cache
def _index(members: tuple[str, ...]) -> dict[str, str]:
    index: dict[str, str] = {}
    for exact in (True, False):
        for member in members:
            for form in _forms(member)[:1] if exact else _forms(member):
                index.setdefault(form, member)
    return index


def match(shape: Any, name: str) -> str | None:
    """The member of a structure that a wire name stands for."""
    index = _index(tuple(shape.members))
    return next((index[form] for form in _forms(name) if form in index), None)


def place(params: dict[str, Any], path: str, value: Any) -> None:
    """Set a dotted path, making the structures on the way."""
    *parents, last = path.split(".")
    for parent in parents:
        params = params.setdefault(parent, {})
    params[last] = value


def descend(shape: Any, path: str) -> Any:
    """The shape at a dotted path with optional `[0]`, or None."""
    found: Any = shape
    for part in path.split("."):
        name, _, element = part.partition("[")
        if found is None or found.type_name != "structure" or name not in found.members:
            return None
        found = found.members[name]
        if element:
            found = found.member
    return found


def pick(value: Any, path: str) -> Any:
    """The value at a dotted path with optional `[0]`, or None."""
    for part in path.split("."):
        name, _, element = part.partition("[")
        value = value.get(name) if isinstance(value, Mapping) else None
        if element:
            value = value[0] if value else None
    return value


class ToParams:
    """Builds parameters from wire values, remembering which input each came from."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.origin: dict[str, str] = {}

    def structure(self, shape: Any, wire: Mapping[str, Any], *, at: str, wire_path: str = "") -> dict[str, Any]:
        """A wire object as a structure; names the structure doesn't have are left out."""
        params: dict[str, Any] = {}
        prefix = f"{wire_path}." if wire_path else ""
        for key, item in wire.items():
            where = prefix + key
            target = self.names.get(_generic(where)) or match(shape, key)
            if not target or item is None:
                continue
            inner = descend(shape, target)
            if inner is None:
                continue
            place(params, target, self.value(inner, item, at=f"{at}.{target}", wire_path=where))
        return params

    def value(self, shape: Any, item: Any, *, at: str, wire_path: str) -> Any:
        """A wire value as a value of the shape."""
        self.origin[at] = wire_path
        if item is UNKNOWN:
            return UNKNOWN
        kind = shape.type_name
        if kind == "structure":
            if isinstance(item, list):
                item, wire_path = item[0] if item else {}, f"{wire_path}[0]"
            return self.structure(shape, item, at=at, wire_path=wire_path) if isinstance(item, Mapping) else item
        if kind == "list":
            if isinstance(item, Mapping) and _is_pair(shape.member) and not {*item} <= {"key", "value"}:
                key, value = (next(m for m in shape.member.members if m.lower() == n) for n in ("key", "value"))
                return [{key: k, value: v} for k, v in item.items()]
            if not isinstance(item, list):
                return [self.value(shape.member, item, at=f"{at}[0]", wire_path=wire_path)]
            items = item
            return [
                self.value(shape.member, x, at=f"{at}[{i}]", wire_path=f"{wire_path}[{i}]") for i, x in enumerate(items)
            ]
        if kind == "map":
            if not isinstance(item, Mapping):
                return item
            return {
                k: self.value(shape.value, v, at=f"{at}.{k}", wire_path=f"{wire_path}.{k}") for k, v in item.items()
            }
        if kind == "blob":
            return item.encode() if isinstance(item, str) else item
        kinds = {"string": "string", "boolean": "boolean", "integer": "integer", "long": "integer"}
        fitted = coerce(kinds.get(kind, "number" if kind in {"float", "double"} else kind), item)
        return item if fitted is None else fitted


def _is_pair(shape: Any) -> bool:
    return shape.type_name == "structure" and {"key", "value"} <= {member.lower() for member in shape.members}


def _generic(path: str) -> str:
    """A path without list indexes: rules[0].id as rules.id."""
    while "[" in path:
        before, _, after = path.partition("[")
        path = before + after.partition("]")[2]
    return path


def from_result(kind: Any, shape: Any, value: Any, names: Names, path: str = "") -> Any:
    """A value of an answer as the wire type `kind`; None where there is nothing to say."""
    if value is None:
        return None
    if isinstance(kind, dict) and "object" in kind:
        if isinstance(value, list):
            value = value[0] if value else None
            shape = getattr(shape, "member", None)
        return _object(kind["object"], shape, value, names, path) if isinstance(value, Mapping) else None
    if isinstance(kind, dict) and "list" in kind:
        items, inner = (value, getattr(shape, "member", None)) if isinstance(value, list) else ([value], shape)
        return [from_result(kind["list"], inner, item, names, path) for item in items]
    if isinstance(kind, dict):
        inner = getattr(shape, "value", None)
        if isinstance(value, list):
            return key_values(value)
        return {k: from_result(kind["map"], inner, v, names, path) for k, v in value.items()}
    if isinstance(value, list):
        return from_result(kind, getattr(shape, "member", None), value[0], names, path) if value else None
    return _scalar(kind, value)


def key_values(items: list[Any]) -> dict[str, str]:
    """A list of key and value members, whatever the service calls them, as a map."""
    spellings = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"))
    return {str(i[k]): str(i.get(v, "")) for i in items if isinstance(i, Mapping) for k, v in spellings if k in i}


def _scalar(kind: Any, value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, Mapping):
        return json.dumps(value) if kind in {"string", "any"} else None
    if kind == "any":
        return value
    return coerce(kind, value)


def _object(kinds: Mapping[str, Any], shape: Any, value: Any, names: Names, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, kind in kinds.items():
        where = f"{path}.{key}" if path else key
        source = names.get(where)
        if source is None:
            if shape is None or shape.type_name != "structure":
                continue
            source = match(shape, key)
        if not source:
            continue
        item = pick(value, source)
        inner = descend(shape, source) if shape is not None else None
        converted = from_result(kind, inner, item, names, where)
        if converted is not None:
            found[key] = converted
    return found


def reported(kinds: Mapping[str, Any], shape: Any, names: Names) -> frozenset[str]:
    """The top-level wire names that an answer of this shape can say something about."""
    if shape is None or shape.type_name != "structure":
        return frozenset(names)
    return frozenset(key for key in kinds if (names[key] if key in names else match(shape, key)))
