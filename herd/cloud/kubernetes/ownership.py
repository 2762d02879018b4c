"""Server-side apply: what a manager asked for, merged into an object, with conflicts between managers.

Lists are taken as a whole, as in custom resources; the API server merges some lists of built-in kinds by key.
Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]
_IDENTITY = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The values that a manager owns: everything that is no map, and empty maps."""
    if isinstance(value, Mapping) and (value or not path):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    else:
        yield path, value


def owned(asked: Mapping[str, Any]) -> dict[Path, Any]:
    """What asking for an object makes its manager the owner of."""
    return {path: value for path, value in leaves(asked) if path not in _IDENTITY}


def conflicts(asked: Mapping[str, Any], live: Mapping[str, Any], others: Mapping[str, Mapping[Path, Any]]) -> list[str]:
    """What other managers own and is asked to be something else: ``"MANAGER": .spec.weight``."""
    return [
        f'"{manager}": .{".".join(path)}'
        for path, value in owned(asked).items()
        for manager, fields in sorted(others.items())
        if path in fields and not same(at(live, path), value)
    ]


def same(live: Any, asked: Any) -> bool:
    """Whether a value is as it is asked for; to ask for an empty map is to ask for a map."""
    return bool(live == asked) or (asked == {} and isinstance(live, Mapping))


def merged(asked: Mapping[str, Any], live: Mapping[str, Any], before: Mapping[Path, Any], kept: set[Path]) -> Any:
    """The object with what was asked for, without what the same manager asked for before and nobody else keeps."""
    result = copy.deepcopy(dict(live))
    now = owned(asked)
    for path in before:
        if path not in now and path not in kept:
            _remove(result, path)
    for path, value in now.items():
        _put(result, path, value)
    return result


def at(value: Any, path: Path) -> Any:
    """The value at a path; None if there is none."""
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value


def _put(target: dict[str, Any], path: Path, value: Any) -> None:
    for key in path[:-1]:
        below = target.get(key)
        if not isinstance(below, dict):
            below = target[key] = {}
        target = below
    if value == {} and isinstance(target.get(path[-1]), dict):
        return
    target[path[-1]] = copy.deepcopy(value)


def _remove(target: dict[str, Any], path: Path) -> None:
    """Take a value away, and the maps that held nothing else; a map that holds something stays."""
    below = target.get(path[0])
    if len(path) > 1 and isinstance(below, dict):
        _remove(below, path[1:])
    if below == {} or (len(path) == 1 and not isinstance(below, dict)):
        target.pop(path[0], None)
