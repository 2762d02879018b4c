"""YAML of many documents, with the line of every value; quick, and safe with files nobody has read.

Built of libyaml's events, at some 2 MB a second. Its own composer recurses in C and ends the whole process on a file of
nothing but brackets, and the pure parsers take minutes for what a chart renders.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from components.base.problems import InvalidInputError
from herd.check.scalars import Scalar, resolve

MOST_BYTES: Final = 10_000_000
MOST_VALUES: Final = 2_000_000
MOST_DEPTH: Final = 100
_MOST_SAID: Final = 200
_TAG: Final = "tag:yaml.org,2002:"
_TEXTS: Final = {f"{_TAG}{name}" for name in ("str", "binary", "timestamp")}
_PLAIN: Final = {f"{_TAG}{name}" for name in ("int", "float", "bool", "null")}
_COLLECTIONS: Final = {f"{_TAG}map", f"{_TAG}seq"}


@dataclass
class Lines:
    """Where a value stands.

    Attributes:
        line: 1-based; of a map's entry, the line of its key.
        below: Those of its entries or elements.
    """

    line: int
    below: dict[str, Lines] | list[Lines] | None = None

    def of(self, path: tuple[str | int, ...]) -> int:
        """The line of what is at a path, or of its nearest ancestor that stands in the file."""
        at = self
        for key in path:
            below: Lines | None = None
            if isinstance(at.below, dict) and isinstance(key, str):
                below = at.below.get(key)
            elif isinstance(at.below, list) and isinstance(key, int) and key < len(at.below):
                below = at.below[key]
            if below is None:
                break
            at = below
        return at.line


@dataclass(frozen=True)
class Document:
    """One document of a file: its data and where each value stands."""

    data: Any
    lines: Lines


def documents(text: str, shown: str) -> Iterator[Document]:
    """The documents of a YAML text, without empty ones.

    Raises:
        InvalidInputError: It isn't YAML, or holds what no manifest does: keys twice, values without end, foreign tags.
    """
    if len(text) > MOST_BYTES:
        fix = "split it; JSON may be larger"
        raise InvalidInputError.one(f"is YAML of more than {MOST_BYTES:,} bytes", file=shown, fix=fix)
    builder = _Builder(shown)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
            if isinstance(event, yaml.DocumentEndEvent) and (document := builder.finished()):
                yield document
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        line = mark.line + 1 if mark else 0
        raise InvalidInputError.one(f"not valid YAML: {said}"[:_MOST_SAID], file=shown, line=line) from None
    except yaml.YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        said = getattr(error, "reason", None) or " ".join(str(error).split())
        raise InvalidInputError.one(f"not valid YAML: {said}"[:_MOST_SAID], file=shown, line=line) from None


@dataclass
class _Open:
    """A map or list whose end hasn't come yet."""

    value: dict[str, Any] | list[Any]
    lines: Lines
    anchor: str | None
    size: int = 1
    key: str | None = None
    key_line: int = 0
    merges: list[tuple[dict[str, Any], dict[str, Lines]]] = field(default_factory=list)
    merging: bool = False


@dataclass(frozen=True)
class _Done:
    value: Any
    lines: Lines
    size: int


class _Builder:
    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._open: list[_Open] = []
        self._anchors: dict[str, _Done] = {}
        self._root: _Done | None = None
        self._size = 0

    def finished(self) -> Document | None:
        root, self._root = self._root, None
        self._anchors.clear()
        return Document(root.value, root.lines) if root is not None and root.value is not None else None

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._start(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end(line)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor or "", line)

    def _keyless(self) -> _Open | None:
        """The map whose next key is what comes now, if it is one."""
        waiting = self._open[-1] if self._open else None
        return waiting if waiting is not None and isinstance(waiting.value, dict) and waiting.key is None else None

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        if waiting := self._keyless():
            self._key(waiting, event, line)
            if event.anchor:
                self._anchors[event.anchor] = _Done(waiting.key, Lines(line), 1)
            return
        done = _Done(self._value(event, line), Lines(line), 1)
        if event.anchor:
            self._anchors[event.anchor] = done
        self._put(done, line)

    def _value(self, event: yaml.ScalarEvent, line: int) -> Scalar:
        if event.tag in (None, "!"):
            return resolve(event.value) if event.implicit[0] and event.tag is None else str(event.value)
        if event.tag in _TEXTS:
            return str(event.value)
        if event.tag in _PLAIN:
            return resolve(event.value)
        raise self._tag(event.tag, line)

    def _key(self, waiting: _Open, event: yaml.ScalarEvent, line: int) -> None:
        plain = event.implicit[0] and event.tag is None
        value = resolve(event.value) if plain else None
        # kubectl and every reader of JSON see text.
        key = str(value).lower() if isinstance(value, bool) else event.value
        waiting.key, waiting.key_line = key, line
        waiting.merging = plain and key == "<<"
        if not waiting.merging and isinstance(waiting.lines.below, dict) and key in waiting.lines.below:
            first = waiting.lines.below[key].line
            raise self._error(f"key {key[:_MOST_SAID]!r} stands here twice, first on line {first}", line)

    def _start(self, event: yaml.CollectionStartEvent, line: int) -> None:
        if event.tag not in (None, "!") and event.tag not in _COLLECTIONS:
            raise self._tag(event.tag, line)
        if len(self._open) >= MOST_DEPTH:
            raise self._error(f"nested more than {MOST_DEPTH} deep", line)
        if self._keyless():
            raise self._error("a map or list as the key of a map", line)
        mapping = isinstance(event, yaml.MappingStartEvent)
        self._open.append(_Open({} if mapping else [], Lines(line, {} if mapping else []), event.anchor))

    def _end(self, line: int) -> None:
        closed = self._open.pop()
        for values, lines in closed.merges:
            for key, value in values.items():
                if isinstance(closed.value, dict) and key not in closed.value:
                    closed.value[key] = value
                    if isinstance(closed.lines.below, dict):
                        closed.lines.below[key] = lines.get(key, closed.lines)
        done = _Done(closed.value, closed.lines, closed.size)
        if closed.anchor:
            self._anchors[closed.anchor] = done
        self._put(done, line)

    def _alias(self, anchor: str, line: int) -> None:
        if any(one.anchor == anchor for one in self._open):
            raise self._error(f"*{anchor} contains itself", line)
        if anchor not in self._anchors:
            raise self._error(f"*{anchor} names nothing above it", line)
        done = self._anchors[anchor]
        if waiting := self._keyless():
            if not isinstance(done.value, str):
                raise self._error(f"*{anchor} as a key isn't text", line)
            waiting.key, waiting.key_line, waiting.merging = done.value, line, False
            return
        self._put(done, line, more=done.size)

    def _put(self, done: _Done, line: int, more: int = 1) -> None:
        self._size += more
        if self._size > MOST_VALUES:
            raise self._error(f"more than {MOST_VALUES:,} values: aliases multiply, or the file is no manifest", line)
        if not self._open:
            self._root = done
            return
        into = self._open[-1]
        into.size += done.size
        if isinstance(into.value, list):
            into.value.append(done.value)
            if isinstance(into.lines.below, list):
                into.lines.below.append(done.lines)
            return
        key, into.key = into.key, None
        if into.merging:
            into.merging = False
            into.merges += self._merged(done, line)
        elif key is not None and isinstance(into.lines.below, dict):
            into.value[key] = done.value
            into.lines.below[key] = Lines(into.key_line, done.lines.below)

    def _merged(self, done: _Done, line: int) -> Iterator[tuple[dict[str, Any], dict[str, Lines]]]:
        items = done.value if isinstance(done.value, list) else [done.value]
        below = done.lines.below if isinstance(done.lines.below, list) else [done.lines]
        for item, lines in zip(items, below, strict=True):
            if not isinstance(item, dict) or not isinstance(lines.below, dict):
                raise self._error("<< takes a map", line)
            yield item, lines.below

    def _tag(self, tag: str, line: int) -> InvalidInputError:
        shown = tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
        fix = "a CloudFormation template is neither a manifest nor a cluster file" if tag.startswith("!") else ""
        return self._error(
            f"a value with the tag {shown[:_MOST_SAID]}, which manifests and cluster files don't have", line, fix
        )

    def _error(self, message: str, line: int, fix: str = "") -> InvalidInputError:
        return InvalidInputError.one(message, file=self._shown, line=line, fix=fix)
