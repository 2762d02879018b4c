"""Edits of a YAML file as text: what isn't edited stays as it was, to the last blank and comment."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from components.base.problems import InvalidInputError
from components.base.validation import FieldPath, dotted

_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


@lru_cache(maxsize=8)
def _composed(text: str) -> Node:
    """The nodes of a text, which are shared and only read: the parser is slow."""
    root: Node = YAML(typ="rt", pure=True).compose(text)
    return root


class YamlText:
    """A YAML text, and edits of it that take effect together.

    Edits name places of the original text, and no two of them the same place.
    """

    def __init__(self, text: str, shown: str) -> None:
        self._text, self._shown = text if text.endswith("\n") else f"{text}\n", shown
        self._root = _composed(self._text)
        self._edits: list[tuple[int, int, str]] = []

    def result(self) -> str:
        """The text with the edits."""
        text = self._text
        for _, (start, end, new) in sorted(enumerate(self._edits), key=_place, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def set(self, path: FieldPath, value: Any, *, after: str = "") -> None:
        """Give a key or an item another value, on one line; a key that isn't there is added, `after` one or last."""
        have = len(path)
        while have and self._find(path[:have]) is None:
            have -= 1
        for part in reversed(path[have + 1 :]):
            value = {part: value}
        if have == len(path):
            self._replace(path, value)
        else:
            self._add(path[:have], path[have], value, after)

    def set_list(self, path: FieldPath, values: Sequence[Any], *, after: str = "") -> None:
        """Give a list of scalars other values; items that stay keep their place and comments."""
        node = self._find(path)
        if not isinstance(node, SequenceNode) or node.flow_style or not values:
            self.set(path, list(values), after=after)
            return
        have = [YAML(typ="safe", pure=True).load(item.value) for item in node.value]
        kept = [at for at, value in enumerate(have) if value in values]
        if not kept:
            self.set(path, list(values))
            return
        for at in range(len(have)):
            if at not in kept:
                self._cut_lines(node.value[at].start_mark.index, self._end(node.value[at]))
        dash = " " * node.start_mark.column
        new = "".join(f"{dash}- {inline(value)}\n" for value in values if value not in have)
        self._edits.append((at := self._line_end(self._end(node)) + 1, at, new))

    def remove(self, path: FieldPath) -> None:
        """Take a key or an item away."""
        parent, node = self._find(path[:-1]), self._find(path)
        if parent is None or node is None:
            return
        pairs = parent.value
        if len(pairs) == 1:
            self.set(path[:-1], [] if isinstance(parent, SequenceNode) else {})
            return
        starts = [pair[0] if isinstance(pair, tuple) else pair for pair in pairs]
        ends = [self._end(pair[1] if isinstance(pair, tuple) else pair) for pair in pairs]
        at = self._position(parent, path[-1])
        if not parent.flow_style:
            self._cut_lines(starts[at].start_mark.index, ends[at])
        elif at:
            self._edits.append((ends[at - 1], ends[at], ""))
        else:
            self._edits.append((starts[0].start_mark.index, starts[1].start_mark.index, ""))

    def append(self, path: FieldPath, item: str) -> None:
        """Add an item to a list that has some: block text that starts with `- `, or flow text in a flow list."""
        node = self._find(path)
        if not isinstance(node, SequenceNode) or not node.value:
            raise self._refused(path)
        end = self._end(node)
        if node.flow_style:
            self._edits.append((end_of := self._end(node.value[-1]), end_of, f", {item}"))
            return
        dash = " " * node.start_mark.column
        lines = "".join(f"{dash}{line}\n" if line else "\n" for line in item.splitlines())
        self._edits.append((at := self._line_end(end) + 1, at, lines))

    def is_flow(self, path: FieldPath) -> bool:
        """Whether a list or map is written in brackets."""
        return bool(getattr(self._find(path), "flow_style", False))

    def source(self, path: FieldPath) -> str:
        """The text of a key with its value, comments and all, as if it stood at the left margin; of a value in flow."""
        node = self._find(path)
        parent = self._find(path[:-1])
        if node is None or not isinstance(parent, MappingNode):
            raise self._refused(path)
        if _anchored(node):
            raise self._refused(path, "has an anchor, which a copy can't have: write it out")
        if parent.flow_style:
            return self._text[node.start_mark.index : self._end(node)]
        key = parent.value[self._position(parent, path[-1])][0].start_mark
        lines = self._text[key.index : self._line_end(self._end(node))].splitlines()
        return "\n".join([lines[0], *(_outdented(line, key.column) for line in lines[1:])]) + "\n"

    def _find(self, path: FieldPath) -> Any:
        """A node, None if there is none. ruamel's types don't know the nodes' own attributes."""
        node: Any = self._root
        for at, part in enumerate(path):
            if not isinstance(node, MappingNode | SequenceNode):
                return None
            found = self._child(node, part)
            if found is None:
                return None
            # An alias is the node it stands for, somewhere else: edits there would have other effects as well.
            if found.start_mark.index < self._earliest(node, part):
                raise self._refused(path[: at + 1], "is an alias of something else: write it out")
            node = found
        return node

    def _child(self, node: Any, part: str | int) -> Any:
        at = self._position(node, part)
        if at < 0:
            return None
        return node.value[at][1] if isinstance(node, MappingNode) else node.value[at]

    def _earliest(self, node: Any, part: str | int) -> int:
        """Where what really stands there can begin: behind its key, or what is before it in a list."""
        at = self._position(node, part)
        before = node.value[at][0] if isinstance(node, MappingNode) else node.value[at - 1] if at else None
        index: int = before.end_mark.index if before is not None else node.start_mark.index
        return index

    @staticmethod
    def _position(node: Any, part: str | int) -> int:
        if isinstance(node, MappingNode):
            return next((at for at, (key, _) in enumerate(node.value) if key.value == str(part)), -1)
        return part if isinstance(part, int) and part < len(node.value) else -1

    def _replace(self, path: FieldPath, value: Any) -> None:
        node, parent = self._find(path), self._find(path[:-1])
        assert node is not None  # noqa: S101 - the caller found it
        assert parent is not None  # noqa: S101 - it has a child
        start, end = node.start_mark.index, self._end(node)
        if isinstance(parent, MappingNode) and not isinstance(node, ScalarNode) and not node.flow_style:
            # A block starts on a line of its own: what replaces it stands behind the key, before a comment there.
            key = parent.value[self._position(parent, path[-1])][0]
            colon = self._text.index(":", self._end(key)) + 1
            self._edits.append((colon, colon, f" {inline(value)}"))
            self._cut_lines(start, end)
        else:
            self._edits.append((start, end, inline(value)))

    def _add(self, path: FieldPath, key: str | int, value: Any, after: str) -> None:
        node = self._find(path)
        if not isinstance(node, MappingNode):
            raise self._refused(path)
        before = self._child(node, after) or (node.value[-1][1] if node.value else None)
        text = f"{inline(key)}: {inline(value)}"
        if before is None:
            self._edits.append((node.start_mark.index, self._end(node), f"{{{text}}}"))
        elif node.flow_style:
            self._edits.append((at := self._end(before), at, f", {text}"))
        else:
            indent = " " * node.value[0][0].start_mark.column
            self._edits.append((at := self._line_end(self._end(before)) + 1, at, f"{indent}{text}\n"))

    def _end(self, node: Any) -> int:
        """Where the last sign of a node stands; a block's own mark is where the next thing begins."""
        if isinstance(node, ScalarNode) or node.flow_style or not node.value:
            index: int = node.end_mark.index
            return len(self._text[:index].rstrip()) if getattr(node, "style", None) in {"|", ">"} else index
        last = node.value[-1]
        return self._end(last[1] if isinstance(last, tuple) else last)

    def _line_end(self, index: int) -> int:
        return self._text.index("\n", index)

    def _cut_lines(self, start: int, end: int) -> None:
        """Take whole lines away, from the one something starts on to the one it ends on."""
        first = self._text.rfind("\n", 0, start) + 1
        self._edits.append((first, self._line_end(end) + 1, ""))

    def _refused(self, path: FieldPath, why: str = "can't be edited in place") -> InvalidInputError:
        fix = "write it as a block: a line a key, `- key: ...` for each generation"
        return InvalidInputError.one(why, file=self._shown, field=dotted(path[1:]), fix=fix)


def _place(numbered: tuple[int, tuple[int, int, str]]) -> tuple[int, int, int]:
    """Sorts edits by place; of several insertions at one place the first stays first."""
    order, (start, end, _) = numbered
    return start, end, order


def inline(value: Any) -> str:
    """A value on one line, with quotes only where YAML needs them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inline(key)}: {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(inline, value))}]"
    if not isinstance(value, str):
        return json.dumps(value)
    return value if _plain(value) else json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> bool:
    """Whether a text means itself without quotes: no sign of YAML's in it, and no number, truth or nothing."""
    return _WORD.fullmatch(text) is not None and bool(YAML(typ="safe", pure=True).load(text) == text)


def _anchored(node: Any) -> bool:
    parts = [] if isinstance(node, ScalarNode) else node.value
    inner = [each for part in parts for each in (part if isinstance(part, tuple) else (part,))]
    return node.anchor is not None or any(map(_anchored, inner))


def _outdented(line: str, columns: int) -> str:
    blanks = len(line) - len(line.lstrip(" "))
    return line[min(columns, blanks) :]
