"""Node: one place in a resource's properties, the only way a rule reads: nothing that is hidden reads as fine."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from policies.engine.values import Hidden, Reason, Reference, UnevaluatedError

if TYPE_CHECKING:
    from policies.engine.subject import Subject

# A word with `${NAME}` in it, as envsubst and Flux fill it in. Scripts are no words, and have variables of their own.
_BLANK = re.compile(r"\S*\$\{[A-Za-z_]\w*(?::?[-=+?][^{}]*)?\}\S*")
_LONGEST = 300

Key = str | int
Path = tuple[Key, ...]


class Node:
    """A value and where it stands.

    A value that is absent (or null) reads as the default: rules know what AWS does then. A value that is unknown,
    secret or of another kind raises `UnevaluatedError`, whichever way it is read.
    """

    __slots__ = ("_value", "path", "subject")

    def __init__(self, value: Any, path: Path = (), subject: Subject | None = None) -> None:
        self._value, self.path, self.subject = value, path, subject

    def __repr__(self) -> str:
        return f"Node({show_path(self.path)}={self._value!r})"

    def __bool__(self) -> bool:
        raise TypeError("ask node.present, node.flag() or node.text(): the truth of a place says nothing")

    @property
    def present(self) -> bool:
        """Whether there is a value. Raises for a hidden one, which may yet be null."""
        self._see()
        return self._value is not None

    @property
    def hidden(self) -> bool:
        """Whether the value can't be seen; for the few rules to which that itself says something."""
        return isinstance(self._value, Hidden)

    @property
    def secret(self) -> bool:
        """Whether a secret stands there; for rules about places that keep no secret, so that they can say so."""
        return isinstance(self._value, Hidden) and self._value.reason is Reason.SECRET

    @property
    def is_map(self) -> bool:
        """Whether a map stands there; false for a hidden value. For walks through values that have no schema."""
        return isinstance(self._value, Mapping)

    @property
    def is_list(self) -> bool:
        """Whether a list stands there; false for a hidden value."""
        return isinstance(self._value, Sequence) and not isinstance(self._value, str)

    @property
    def shown(self) -> str:
        """The path as people write it: ``networkInterfaces[0].groups``."""
        return show_path(self.path)

    def at(self, *keys: Key) -> Node:
        """The place below, whether or not there is a value."""
        node = self
        for key in keys:
            node = node._below(key)
        return node

    def has(self, *keys: Key) -> bool:
        """Whether there is a value below."""
        return self.at(*keys).present

    def text(self, *keys: Key, default: str | None = None) -> str | None:
        """Text; numbers and booleans as they are written. May be a `Reference`, or hold symbols."""
        node = self.at(*keys)
        value = node._see()
        if value is None:
            return default
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, (str, int, float)):
            return value if isinstance(value, str) else str(value)
        raise node._misshapen("text")

    def literal(self, *keys: Key, default: str | None = None) -> str | None:
        """Text that stands there as it is. What only the cloud knows, or a file's blank, can't be judged and raises."""
        node = self.at(*keys)
        value = node.text(default=default)
        if isinstance(value, Reference):
            raise UnevaluatedError(Reason.UNKNOWN, f"only the cloud knows the value ({value})", node.path)
        if value and node.subject is not None and node.subject.may_have_blanks and _is_blank(value):
            raise UnevaluatedError(Reason.UNKNOWN, f"{value} is filled in later", node.path)
        return value

    def flag(self, *keys: Key, default: bool | None = None) -> bool | None:
        """A boolean, which some AWS properties spell as text."""
        node = self.at(*keys)
        value = node.literal()
        if value is None:
            return default
        if value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise node._misshapen("true or false")

    def number(self, *keys: Key, default: float | None = None) -> float | None:
        """A number, which some AWS properties spell as text."""
        node = self.at(*keys)
        value = node.literal()
        if value is None:
            return default
        try:
            found = float(value)
        except ValueError:
            raise node._misshapen("a number") from None
        # `nan` is below no limit and above none: every comparison would let it pass.
        if not math.isfinite(found):
            raise node._misshapen("a number")
        return found

    def each(self, *keys: Key) -> Iterator[Node]:
        """The elements of a list; a single map counts as a list of one, nothing as none."""
        node = self.at(*keys)
        value = node._see()
        if isinstance(value, Mapping):
            yield node
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for index in range(len(value)):
                yield node._below(index)
        elif value is not None:
            raise node._misshapen("a list")

    def texts(self, *keys: Key) -> tuple[str, ...]:
        """The elements of a list of texts; one text counts as a list of one. Empty if absent."""
        node = self.at(*keys)
        value = node._see()
        if isinstance(value, str):
            return (value,)
        return tuple(text for item in node.each() if (text := item.text()) is not None)

    def entries(self, *keys: Key) -> dict[str, Node]:
        """The entries of a map; empty if absent."""
        node = self.at(*keys)
        value = node._see()
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise node._misshapen("a map")
        return {str(key): node._below(key) for key in value}

    def need(self, *keys: Key) -> Node:
        """The place below, which must have a value: without one the rule can't say anything.

        Raises:
            UnevaluatedError: It is absent or hidden.
        """
        node = self.at(*keys)
        if not node.present:
            raise UnevaluatedError(Reason.ABSENT, f"{node.shown} is absent, and the rule needs it", node.path)
        return node

    def plain(self, *keys: Key) -> Any:
        """The value and all that is below it as plain data; raises if any of it is hidden."""
        node = self.at(*keys)
        value = node._see()
        if isinstance(value, Mapping):
            return {key: node._below(key).plain() for key in value}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [node._below(index).plain() for index in range(len(value))]
        return value

    def document(self, *keys: Key) -> Node:
        """A JSON document (an IAM policy, a lifecycle policy), given as text or as a map; absent stays absent."""
        node = self.at(*keys)
        value = node._see()
        if value is None or (isinstance(value, (Mapping, Sequence)) and not isinstance(value, str)):
            return node
        text = node.literal() or ""
        try:
            return Node(json.loads(text), node.path, node.subject)
        except ValueError:
            raise node._misshapen("a JSON document") from None

    def _below(self, key: Key) -> Node:
        value = self._see()
        path = (*self.path, key)
        below: Any = None
        if isinstance(value, Mapping):
            below = value.get(key)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            if isinstance(key, int):
                below = value[key] if key < len(value) else None
            elif len(value) == 1:
                # pulumi-aws 6 had many single blocks as lists of one, saved deployments of it still do.
                return Node(value[0], (*self.path, 0), self.subject).at(key)
            elif value:
                raise self._misshapen("a map")
        elif value is not None:
            raise self._misshapen("a map")
        return Node(below, path, self.subject)

    def _see(self) -> Any:
        if isinstance(self._value, Hidden):
            raise UnevaluatedError(self._value.reason, self._value.message, self.path)
        return self._value

    def _misshapen(self, expected: str) -> UnevaluatedError:
        if isinstance(self._value, Reference):
            return UnevaluatedError(Reason.UNKNOWN, f"only the cloud knows the value ({self._value})", self.path)
        kind = {str: "text", bool: "true or false", int: "a number", float: "a number", dict: "a map", list: "a list"}
        message = f"expected {expected}, found {kind.get(type(self._value), type(self._value).__name__)}"
        return UnevaluatedError(Reason.MISSHAPEN, message, self.path)


def _is_blank(text: str) -> bool:
    return "${" in text and len(text) <= _LONGEST and _BLANK.fullmatch(text) is not None


def show_path(path: Path) -> str:
    """A path as people write it; keys that hold dots in brackets."""
    shown = ""
    for key in path:
        if isinstance(key, int):
            shown += f"[{key}]"
        elif "." in key or "/" in key:
            shown += f'["{key}"]'
        else:
            shown += f".{key}" if shown else key
    return shown
