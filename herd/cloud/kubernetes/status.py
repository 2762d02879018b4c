"""Refusals as a Kubernetes API server words them: `Status` objects with reason, message and causes.

Source: apimachinery, `pkg/api/errors/errors.go` and `pkg/util/validation/field/errors.go`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cause:
    """One thing wrong with an object.

    Attributes:
        field: Path such as ``spec.template.spec.requirements[0].operator``; empty for the object as a whole.
        reason: Kubernetes' word for what is wrong, such as ``FieldValueInvalid``.
        message: The same for people.
    """

    field: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.field or '<nil>'}: {self.message}"


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a mistake
    """A request that the API server doesn't carry out.

    Attributes:
        code: HTTP status.
        reason: Kubernetes' word, such as ``NotFound``.
        message: The same for people.
        causes: What is wrong, field by field.
    """

    def __init__(self, code: int, reason: str, message: str, causes: Sequence[Cause] = ()) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.causes = code, reason, message, tuple(causes)

    def to_json(self) -> dict[str, Any]:
        """The Status object."""
        causes = [{"reason": each.reason, "message": each.message, "field": each.field} for each in self.causes]
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": {"causes": causes} if causes else {},
            "code": self.code,
        }


def not_found(resource: str, name: str) -> Refused:
    """No such object; `resource` is its plural with its group: ``nodepools.karpenter.sh``."""
    return Refused(404, "NotFound", f'{resource} "{name}" not found')


def no_such_path() -> Refused:
    """No such API."""
    return Refused(404, "NotFound", "the server could not find the requested resource")


def already_exists(resource: str, name: str) -> Refused:
    """The name is taken."""
    return Refused(409, "AlreadyExists", f'{resource} "{name}" already exists')


def conflict(resource: str, name: str, why: str) -> Refused:
    """Somebody else changed it, or owns what is to be changed."""
    return Refused(409, "Conflict", f'Operation cannot be fulfilled on {resource} "{name}": {why}')


def bad_request(message: str) -> Refused:
    """The request can't be read."""
    return Refused(400, "BadRequest", message)


def invalid(what: str, name: str, causes: Sequence[Cause]) -> Refused:
    """The object is wrong; `what` is its kind with its group: ``NodePool.karpenter.sh``."""
    listed = ", ".join(map(str, causes))
    shown = f"[{listed}]" if len(causes) > 1 else listed
    return Refused(422, "Invalid", f'{what} "{name}" is invalid: {shown}', causes)


def unknown_field(path: str) -> Cause:
    """A field that the schema doesn't have."""
    return Cause(path, "FieldValueInvalid", f'unknown field "{path}"')


def wrong_type(path: str, expected: str, value: Any) -> Cause:
    """A value of another type."""
    found = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    name = found.get(type(value), "null")
    shown = json.dumps(name)
    return Cause(
        path, "FieldValueTypeInvalid", f"Invalid value: {shown}: {path} in body must be of type {expected}: {shown}"
    )


def invalid_value(path: str, value: Any, why: str) -> Cause:
    """A value that breaks a rule."""
    shown = json.dumps(value) if isinstance(value, str | int | float | bool) else json.dumps(_kind(value))
    return Cause(path, "FieldValueInvalid", f"Invalid value: {shown}: {why}")


def unsupported(path: str, value: Any, allowed: Sequence[Any]) -> Cause:
    """A value outside an enumeration."""
    choices = ", ".join(json.dumps(each) for each in allowed)
    return Cause(path, "FieldValueNotSupported", f"Unsupported value: {json.dumps(value)}: supported values: {choices}")


def required(path: str) -> Cause:
    """A value that is missing."""
    return Cause(path, "FieldValueRequired", "Required value")


def _kind(value: Any) -> str:
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "null"
