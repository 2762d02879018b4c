"""Full validation of a call against botocore's model: what botocore checks itself and what it only knows.

botocore refuses unknown and missing members, wrong types and `min`; its models also hold `enum`, `pattern`, `max`
and tagged unions. Patterns are matched in full, as the services' own front ends do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import regex
from botocore.exceptions import ParamValidationError
from botocore.loaders import Loader
from botocore.model import ServiceModel

# botocore's stubs know the members of a shape only on its subclasses, which are found by `type_name` here.
Shape = Any
NUMBERS = frozenset({"integer", "long", "float", "double"})
_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": (list, tuple),
    "string": str,
    "boolean": bool,
    **dict.fromkeys(NUMBERS, (int, float)),
}


@dataclass(frozen=True)
class Violation:
    """One constraint a call breaks.

    Attributes:
        path: Where, from the operation down: ``CreateVpc.TagSpecifications[0].ResourceType``.
        constraint: `required`, `unknown`, `type`, `enum`, `pattern`, `min`, `max` or `union`.
        detail: The offending value or member and what was expected.
        value: The value as it was given; the member's name for `required` and `unknown`.
    """

    path: str
    constraint: str
    detail: str
    value: Any = None

    def __str__(self) -> str:
        return f"{self.path}: {self.constraint}: {self.detail}"


class FullValidationError(ParamValidationError):  # type: ignore[misc, unused-ignore]
    """Every violation of a call at once. Is a botocore ParamValidationError, so code that handles those handles it."""

    def __init__(self, service: str, operation: str, violations: list[Violation]) -> None:
        lines = "\n".join(f"  {violation}" for violation in violations)
        super().__init__(report=f"{service} refuses {operation} ({len(violations)} problems):\n{lines}")
        self.service = service
        self.operation = operation
        self.violations = tuple(violations)


@cache
def service_model(service: str) -> ServiceModel:
    """Botocore's model of a service, by botocore's name for it (`efs`, not `elasticfilesystem`)."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def full_validate(service: str, operation: str, params: Mapping[str, Any]) -> list[Violation]:
    """Every constraint of the model that a call breaks; an empty list if there is none.

    Args:
        service: botocore's service name.
        operation: The operation's wire name, such as ``CreateVpc``.
        params: The parameters, spelled as boto3 takes them.

    Raises:
        botocore.model.OperationNotFoundError: The service has no such operation.
    """
    return violations(service_model(service).operation_model(operation).input_shape, params, operation)


def violations(shape: Shape, params: Mapping[str, Any], path: str) -> list[Violation]:
    """Like `full_validate`, for an input shape at hand (None: the operation takes no input)."""
    if shape is None:
        return [Violation(path, "unknown", name, name) for name in params]
    return list(_walk(shape, params, path))


def check(service: str, operation: str, params: Mapping[str, Any]) -> None:
    """Raise `FullValidationError` with every problem, or return."""
    found = full_validate(service, operation, params)
    if found:
        raise FullValidationError(service, operation, found)


def install(client: Any) -> None:
    """Validate every call of a boto3 client, or of every client a boto3 session makes from now on.

    The check runs before the request is built; a bad call raises `FullValidationError` and sends nothing.
    """
    events = getattr(client, "events", None) or client.meta.events
    # botocore's own rewriting (base64 user data, SSE keys) hangs on later events: check what was written.
    events.register_first("provide-client-params", _check_call)


def _check_call(params: Mapping[str, Any], model: Any, **_: Any) -> None:
    check(model.service_model.service_name, model.name, params)


def _walk(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    kind = shape.type_name
    expected: Any = _PYTHON_TYPES.get(kind, object)
    if not isinstance(value, expected) or (kind in NUMBERS and isinstance(value, bool)):
        yield Violation(path, "type", f"expected {kind}, got {type(value).__name__}", value)
    elif kind == "structure":
        yield from _walk_structure(shape, value, path)
    elif kind == "list":
        yield from _size(len(value), shape, path, value)
        for index, item in enumerate(value):
            yield from _walk(shape.member, item, f"{path}[{index}]")
    elif kind == "map":
        yield from _size(len(value), shape, path, value)
        for key, item in value.items():
            yield from _walk(shape.key, key, f"{path}<{key}>")
            yield from _walk(shape.value, item, f"{path}.{key}")
    elif kind == "string":
        yield from _walk_string(shape, value, path)
    elif kind in NUMBERS:
        yield from _size(value, shape, path, value)


def _walk_structure(shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[Violation]:
    for name in shape.required_members:
        # botocore fills idempotency tokens in after the check.
        if value.get(name) is None and not shape.members[name].metadata.get("idempotencyToken"):
            yield Violation(path, "required", f"{name} is missing", name)
    for name, item in value.items():
        if name not in shape.members:
            yield Violation(path, "unknown", f"{name}; the model has {_some(shape.members)}", name)
        elif item is not None or name not in shape.required_members:
            yield from _walk(shape.members[name], item, f"{path}.{name}")
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield Violation(path, "union", f"exactly one of {_some(shape.members)}, got {sorted(value)}", value)


def _walk_string(shape: Shape, value: str, path: str) -> Iterator[Violation]:
    if shape.enum and value not in shape.enum:
        yield Violation(path, "enum", f"{value!r} is not one of {_some(shape.enum)}", value)
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        yield Violation(path, "pattern", f"{value[:120]!r} does not match {pattern}", value)
    yield from _size(len(value), shape, path, value)


def _size(size: float, shape: Shape, path: str, value: Any) -> Iterator[Violation]:
    # min and max of a number bound its value; of anything else its length.
    what = "value" if shape.type_name in NUMBERS else "length"
    if "min" in shape.metadata and size < shape.metadata["min"]:
        yield Violation(path, "min", f"{what} {size} < {shape.metadata['min']}", value)
    if "max" in shape.metadata and size > shape.metadata["max"]:
        yield Violation(path, "max", f"{what} {size} > {shape.metadata['max']}", value)


def _some(names: Any, limit: int = 12) -> str:
    listed = [str(name) for name in names]
    return ", ".join(listed[:limit]) + (f" and {len(listed) - limit} more" if len(listed) > limit else "")


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> Any:
    # EC2's pattern of placement groups' ARNs has a second beginning in its middle, which no text can match.
    pattern = pattern.replace("/^", "/")
    try:
        return re.compile(pattern)
    except re.error:
        # About 40 patterns of the models use \p{...} or Java's class intersections, which only `regex` knows.
        try:
            return regex.compile(re.sub(r"\\p\{IsLatin\}", r"\\p{Latin}", pattern))
        except regex.error:
            return None
