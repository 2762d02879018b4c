"""What a rule can meet besides plain values: what nobody can see yet, and what only the cloud knows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class Reason(StrEnum):
    """Why a rule was not evaluated."""

    UNKNOWN = "unknown"
    """A preview's unknown value, or what only the cloud knows where a rule must read the value itself."""
    SECRET = "secret"  # noqa: S105 - a word of reports
    """A secret, which no tool shows."""
    INVISIBLE = "invisible"
    """Something that this front end can't see, such as an option that Pulumi's policy protocol leaves out."""
    ABSENT = "absent"
    """Something the rule needs and nobody gave: a property, or a fact such as the release's images."""
    MISSHAPEN = "misshapen"
    """A value of another kind than the schema says, such as text for a list."""
    CRASHED = "crashed"
    """The rule itself failed: a bug of the rule, and never a pass."""


class UnevaluatedError(Exception):
    """A rule can't say whether a resource obeys it. The engine turns this into a result of its own.

    Attributes:
        reason: Why.
        path: The property, as keys and indexes.
    """

    def __init__(self, reason: Reason, message: str, path: Iterable[str | int] = ()) -> None:
        super().__init__(message)
        self.reason, self.path = reason, tuple(path)


@dataclass(frozen=True)
class Hidden:
    """A place whose value can't be seen. Front ends put it there; `Node` raises when a rule reads it."""

    reason: Reason
    message: str


UNKNOWN = Hidden(Reason.UNKNOWN, "the value is unknown until the resource exists")
SECRET = Hidden(Reason.SECRET, "the value is a secret")
INVISIBLE = Hidden(Reason.INVISIBLE, "Pulumi's policy protocol doesn't show it")


def provider_inputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A provider's inputs as they are meant: Pulumi hands maps, lists and booleans over as JSON text."""
    return {key: _decoded(value) for key, value in inputs.items()}


def _decoded(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


class Reference(str):
    """Text that stands for a value only the cloud knows, the same wherever the value flows.

    Attributes:
        owner: URN of the resource it comes from, or ``invoke:TOKEN#…`` for a function's result.
        path: The property there, such as ``arn``.
    """

    __slots__ = ("owner", "path")
    owner: str
    path: str

    def __new__(cls, text: str, owner: str, path: str) -> Self:
        """A reference that reads as `text`."""
        made = super().__new__(cls, text)
        made.owner, made.path = owner, path
        return made

    def __deepcopy__(self, memo: object) -> Self:
        return self

    @property
    def looked_up(self) -> bool:
        """Whether a function's result (`aws.ec2.get_ami`), which may be another one tomorrow."""
        return self.owner.startswith("invoke:")
