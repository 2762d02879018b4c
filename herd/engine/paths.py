"""Property paths such as `rules[0].name` or `tags["a.b"].*`, as ignoreChanges and replaceOnChanges use them."""

from __future__ import annotations

import re
from typing import Any, Final

from herd.engine.values import Secret, as_secret

Path = list[str | int]
"""Steps of a path; `*` stands for every key or index."""

_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[]+)')
_ABSENT: Final = object()


def parse_path(path: str) -> Path:
    """The steps of a path.

    Raises:
        ValueError: It is malformed.
    """
    steps: Path = []
    position = 0
    while position < len(path):
        if steps and path[position] == ".":
            position += 1
        match = _STEP.match(path, position)
        if match is None:
            raise ValueError(f"{path!r} is no property path: what comes after {path[:position]!r} can't be read")
        quoted, index, name = match.groups()
        steps.append(int(index) if index and index != "*" else quoted.replace('\\"', '"') if quoted else index or name)
        position = match.end()
    return steps


def path_contains(outer: Path, inner: Path) -> bool:
    """Whether everything under `inner` is under `outer`; `*` in `outer` stands for any one step."""
    return len(outer) <= len(inner) and all(o in ("*", i) for o, i in zip(outer, inner, strict=False))


def reset_path(path: Path, old: Any, new: Any, *, secret: bool = False) -> bool:
    """Put the old value at `path` back into `new`, in place; false where the two can't be matched (PropertyPath.Reset).

    `secret` says that the old value lies inside a secret and the new one doesn't.
    """
    old, new, secret = _bare(old, new, secret=secret)
    step, rest = path[0], path[1:]
    if step == "*":
        return _reset_all(rest, old, new, secret=secret)
    kind = list if isinstance(step, int) else dict
    before, after = _at(old, step), _at(new, step)
    if rest:
        if not (isinstance(old, kind) and isinstance(new, kind)):
            return isinstance(old, kind) == isinstance(new, kind)
        lost = after is _ABSENT or (before is _ABSENT and kind is list)
        inner = None if before is _ABSENT else before
        return before is after and kind is dict if lost else reset_path(rest, inner, after, secret=secret)
    if kind is list and _ABSENT in (before, after):
        return before is after and isinstance(old, list) == isinstance(new, list)
    if before is not _ABSENT and not isinstance(new, kind):
        return False
    if before is not _ABSENT:
        new[step] = as_secret(before) if secret else before
    elif after is not _ABSENT:
        del new[step]
    return True


def _bare(old: Any, new: Any, *, secret: bool) -> tuple[Any, Any, bool]:
    if isinstance(old, Secret):
        old, secret = old.value, True
    if isinstance(new, Secret):
        new, secret = new.value, False
    return old, new, secret


def _at(value: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else _ABSENT
    return value.get(step, _ABSENT) if isinstance(value, dict) else _ABSENT


def _reset_all(rest: Path, old: Any, new: Any, *, secret: bool) -> bool:
    if isinstance(old, list) and isinstance(new, list):
        common = range(min(len(old), len(new)))
        return all(reset_path([i, *rest], old, new, secret=secret) for i in common) and len(old) == len(new)
    if not rest:
        if isinstance(old, dict) and isinstance(new, dict):
            new.clear()
            new.update({k: as_secret(v) if secret else v for k, v in old.items()})
        return isinstance(new, (dict, list))
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return False
    return all(k in new and reset_path(rest, v, new[k], secret=secret) for k, v in old.items())
