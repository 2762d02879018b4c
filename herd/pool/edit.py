"""Writing a stack file's pools: what an edit should make of them, made in the text, judged, then written whole."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from ruamel.yaml.error import YAMLError

from components.base.problems import InvalidInputError
from components.base.validation import FieldPath
from herd.pool.stack import PoolStack, read_text
from herd.pool.yaml_text import YamlText, inline
from herd.write import locked, write_text

CRLF: Final = "\r\n"

BEFORE: Final[Mapping[str, str]] = {"phase": "release", "slices": "release", "drainingSlices": "slices"}
"""Behind which field a new one is written."""


class Edit:
    """Changes of a stack's generations, made in its text and in its data alike: the two must agree in the end."""

    def __init__(self, stack: PoolStack) -> None:
        self.stack = stack
        self._data: dict[str, Any] = copy.deepcopy(stack.data)
        self.changed = False

    @cached_property
    def _text(self) -> YamlText:
        return YamlText(self.stack.text.replace(CRLF, "\n"), self.stack.file.shown)

    def set(self, pool: str, at: int, field: str, value: Any) -> None:
        """Give a field of a generation another value."""
        self._generations(pool)[at][field] = value
        path = self._path(pool, at, field)
        if isinstance(value, list):
            self._text.set_list(path, value, after=BEFORE.get(field, ""))
        else:
            self._text.set(path, value, after=BEFORE.get(field, ""))
        self.changed = True

    def drop(self, pool: str, at: int, field: str) -> None:
        """Take a field of a generation away."""
        if self._generations(pool)[at].pop(field, None) is not None:
            self._text.remove(self._path(pool, at, field))
            self.changed = True

    def remove(self, pool: str, at: int) -> None:
        """Take a generation away."""
        del self._generations(pool)[at]
        self._text.remove(self._path(pool, at))
        self.changed = True

    def append(self, pool: str, head: Mapping[str, Any], sets: Mapping[FieldPath, Any]) -> None:
        """Add a generation whose node is the newest one's, but for some fields; its comments come along.

        Args:
            pool: The pool.
            head: The other fields of the generation.
            sets: Fields of the node by path below it; None takes one away.
        """
        last = len(self._generations(pool)) - 1
        newest = self._path(pool, last)
        node = self._text.source((*newest, "node"))
        if self._text.is_flow(newest):
            item = f"{{{inline(head)[1:-1]}, node: {self._with(node, sets, flow=True)}}}"
            item = item if self._text.is_flow(self._path(pool)) else f"- {item}"
        else:
            lines = [*(f"{field}: {inline(value)}" for field, value in head.items())]
            lines += self._with(node, sets).rstrip("\n").splitlines()
            item = "\n".join(["- " + lines[0], *("  " + line if line else "" for line in lines[1:])])
        self._text.append(self._path(pool), item)
        data = changed(self._generations(pool)[last]["node"], sets)
        self._generations(pool).append({**head, "node": data})
        self.changed = True

    def write(self) -> PoolStack:
        """Write the file, if it would load; the stack as it is then.

        Raises:
            InvalidInputError: It wouldn't: every problem; or somebody else wrote it meanwhile. Nothing is written.
        """
        if not self.changed:
            return self.stack
        self._ends_of_lines_alike()
        try:
            text = self._text.result()
            after = self.stack.rewritten(text.replace("\n", CRLF) if CRLF in self.stack.text else text)
        except YAMLError as error:
            raise self._not_as_meant() from error
        if after.data != self._data:
            raise self._not_as_meant()
        after.check()
        path, shown = self.stack.file.path, self.stack.file.shown
        with locked(path.parent):
            if read_text(path, shown) != self.stack.text:
                message = "was changed by somebody else while this ran: nothing is written"
                raise InvalidInputError.one(message, file=shown, fix="look at it, then run the command again")
            write_text(path, after.text)
        return after

    def _ends_of_lines_alike(self) -> None:
        """Lines end in one way in all of the file, so that those which are written can end like the others."""
        text = self.stack.text
        alone = text.replace(CRLF, "")
        if "\r" in alone or (CRLF in text and "\n" in alone):
            fix = "`dos2unix` the file, or have your editor write one kind"
            raise InvalidInputError.one("its lines end in several ways", file=self.stack.file.shown, fix=fix)

    def _not_as_meant(self) -> InvalidInputError:
        return InvalidInputError.one(
            "can't be edited in place: the text doesn't come out as meant",
            file=self.stack.file.shown,
            line=self.stack.file.line(self.stack.path("pools")),
            field="pools",
            fix="write generations as blocks, without anchors, aliases and merge keys",
        )

    def _generations(self, pool: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._data[pool]["generations"]
        return found

    def _path(self, pool: str, *parts: str | int) -> FieldPath:
        return self.stack.path("pools", pool, "generations", *parts)

    def _with(self, node: str, sets: Mapping[FieldPath, Any], *, flow: bool = False) -> str:
        text = f"node: {node}" if flow else node
        for path, value in sets.items():
            edited = YamlText(text, self.stack.file.shown)
            if value is None:
                edited.remove(("node", *path))
            else:
                edited.set(("node", *path), value)
            text = edited.result()
        return text.removeprefix("node: ").rstrip("\n") if flow else text


def changed(node: Mapping[str, Any], sets: Mapping[FieldPath, Any]) -> dict[str, Any]:
    """A node as plain data with fields changed, by path; None takes one away."""
    data: dict[str, Any] = copy.deepcopy(dict(node))
    for path, value in sets.items():
        _put(data, path, value)
    return data


def _put(data: dict[str, Any], path: Sequence[str | int], value: Any) -> None:
    head, *rest = path
    if rest and isinstance(data.get(str(head)), dict):
        _put(data[str(head)], rest, value)
    elif value is None:
        data.pop(str(head), None)
    else:
        for part in reversed(rest):
            value = {part: value}
        data[str(head)] = value
