"""Checks an object against a structural schema, the language of CustomResourceDefinitions, and fills in its defaults.

Strict: a field that the schema doesn't have is refused, where a lenient server would drop it and say nothing. Rules
between fields, which CRDs write in CEL, are functions named by `x-rules` (see `rules`).
Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from herd.cloud.kubernetes import status
from herd.cloud.kubernetes.status import Cause

Schema = Mapping[str, Any]
Rule = Callable[[Any, Any], Iterator[str]]
"""Value, and value before the change (None for a new one) -> what is wrong, each as a message."""

ANYTHING: Schema = {"x-kubernetes-preserve-unknown-fields": True}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def defaulted(schema: Schema, value: Any) -> Any:
    """The value with the schema's defaults for what it leaves out."""
    if isinstance(value, Mapping):
        properties: Mapping[str, Schema] = schema.get("properties", {})
        filled = {key: value[key] for key in value}
        for key, below in properties.items():
            if key not in filled and "default" in below:
                filled[key] = copy.deepcopy(below["default"])
        more = schema.get("additionalProperties")
        return {key: defaulted(properties.get(key) or more or {}, item) for key, item in filled.items()}
    if isinstance(value, list):
        return [defaulted(schema.get("items", {}), item) for item in value]
    return value


def problems(
    schema: Schema, value: Any, path: str = "", definitions: Mapping[str, Schema] | None = None
) -> list[Cause]:
    """Everything wrong with the shape of a value: fields, types, enumerations, patterns, limits."""
    return list(_Shape(definitions or {}).check(schema, value, path))


class _Shape:
    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions

    def check(self, schema: Schema, value: Any, path: str) -> Iterator[Cause]:
        if "$ref" in schema:
            schema = self._definitions[schema["$ref"]]
        expected = schema.get("type")
        if schema.get("x-kubernetes-int-or-string"):
            if isinstance(value, bool) or not isinstance(value, int | str):
                yield status.wrong_type(path, "integer or string", value)
                return
        elif expected and not _is(value, expected):
            yield status.wrong_type(path, expected, value)
            return
        if isinstance(value, dict):
            yield from self._object(schema, value, path)
        elif isinstance(value, list):
            yield from self._array(schema, value, path)
        else:
            yield from _scalar(schema, value, path)

    def _object(self, schema: Schema, value: Mapping[str, Any], path: str) -> Iterator[Cause]:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        more = schema.get("additionalProperties")
        if len(value) > schema.get("maxProperties", len(value)):
            limit = schema["maxProperties"]
            yield Cause(path, "FieldValueTooMany", f"Too many: {len(value)}: must have at most {limit} items")
        for key in schema.get("required", ()):
            if key not in value:
                yield status.required(below(path, key))
        for key, item in value.items():
            if key in properties:
                yield from self.check(properties[key], item, below(path, key))
            elif isinstance(more, Mapping):
                yield from self.check(more, item, below(path, key))
            elif not schema.get("x-kubernetes-preserve-unknown-fields") and more is not True:
                yield status.unknown_field(below(path, key))

    def _array(self, schema: Schema, value: Sequence[Any], path: str) -> Iterator[Cause]:
        if len(value) > schema.get("maxItems", len(value)):
            limit = schema["maxItems"]
            yield Cause(path, "FieldValueTooMany", f"Too many: {len(value)}: must have at most {limit} items")
        if len(value) < schema.get("minItems", 0):
            yield status.invalid_value(
                path, len(value), f"{path} in body should have at least {schema['minItems']} items"
            )
        if schema.get("x-kubernetes-list-type") == "set":
            for at, item in enumerate(value):
                if item in value[:at]:
                    yield Cause(f"{path}[{at}]", "FieldValueDuplicate", f"Duplicate value: {item!r}")
        for at, item in enumerate(value):
            yield from self.check(schema.get("items", ANYTHING), item, f"{path}[{at}]")


def broken_rules(schema: Schema, value: Any, old: Any, rules: Mapping[str, Rule], path: str = "") -> Iterator[Cause]:
    """What breaks the rules between fields; asked only of a value whose shape is right."""
    for name in schema.get("x-rules", ()):
        for message in rules[name](value, old):
            yield status.invalid_value(path, value, message)
    if isinstance(value, Mapping):
        more = schema.get("additionalProperties")
        for key, item in value.items():
            child = schema.get("properties", {}).get(key) or (more if isinstance(more, Mapping) else {})
            before = old.get(key) if isinstance(old, Mapping) else None
            yield from broken_rules(child, item, before, rules, below(path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            # The elements of an atomic list have no past: a rule on change doesn't reach into one.
            yield from broken_rules(schema.get("items", {}), item, None, rules, f"{path}[{at}]")


def below(path: str, key: str) -> str:
    """The path of a member, in Kubernetes' way of writing it."""
    if re.fullmatch(r"[A-Za-z_$][\w$-]*", key):
        return f"{path}.{key}" if path else key
    return f"{path}[{key}]"


def _is(value: Any, expected: str) -> bool:
    if isinstance(value, bool):
        return expected == "boolean"
    return isinstance(value, _TYPES[expected])


def _scalar(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    if "enum" in schema and value not in schema["enum"]:
        yield status.unsupported(path, value, schema["enum"])
    if isinstance(value, str):
        if len(value) > schema.get("maxLength", len(value)):
            yield Cause(path, "FieldValueTooLong", f"Too long: may not be more than {schema['maxLength']} bytes")
        if len(value) < schema.get("minLength", 0):
            yield status.invalid_value(
                path, value, f"{path} in body should be at least {schema['minLength']} chars long"
            )
        if "pattern" in schema and not _compiled(schema["pattern"]).search(value):
            yield status.invalid_value(path, value, f"{path} in body should match '{schema['pattern']}'")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if value > schema.get("maximum", value):
            yield status.invalid_value(
                path, value, f"{path} in body should be less than or equal to {schema['maximum']}"
            )
        if value < schema.get("minimum", value):
            yield status.invalid_value(
                path, value, f"{path} in body should be greater than or equal to {schema['minimum']}"
            )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Python's $ also matches before a last line feed; Kubernetes' (RE2) does not.
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern))
