"""What becomes of a provider's diff: worked out where the provider leaves that to the engine, and replaceOnChanges."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from herd.engine.paths import parse_path, path_contains
from herd.engine.providers import Diff
from herd.engine.values import Props, equal, plain

_INIT_ERROR = "#initerror"


def engine_diff(diff: Diff, old: Props, new: Props) -> Diff:
    """The diff, worked out here if the provider leaves it to the engine."""
    if diff.some is not None:
        return diff
    found = dict(_changes("", plain(old), plain(new)))
    changed = tuple(k for k in sorted(old.keys() | new.keys()) if not equal(plain(old.get(k)), plain(new.get(k))))
    return dataclasses.replace(diff, some=bool(found), changed=changed, detailed=found or None)


def _changes(path: str, old: object, new: object) -> Iterator[tuple[str, tuple[str, bool]]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            step = f"{path}.{key}" if path else key
            if key not in old or key not in new:
                yield step, ("add" if key not in old else "delete", True)
            else:
                yield from _changes(step, old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list):
        for i in range(max(len(old), len(new))):
            if i >= len(old) or i >= len(new):
                yield f"{path}[{i}]", ("add" if i >= len(old) else "delete", True)
            else:
                yield from _changes(f"{path}[{i}]", old[i], new[i])
    elif not equal(old, new):
        yield path, ("update", True)


def replace_on_changes(diff: Diff, paths: list[str], *, init_errors: bool) -> Diff:
    """The diff with those changes turned into replacements that the option names."""
    if not diff.some and not init_errors:
        return diff
    wanted = [parse_path(path) for path in paths]

    def named(path: str) -> bool:
        return any(path_contains(outer, parse_path(path)) for outer in wanted)

    detailed = diff.detailed and {
        p: (kind.removesuffix("-replace") + "-replace" if named(p) else kind, i)
        for p, (kind, i) in diff.detailed.items()
    }
    keys = set(diff.replace) | {key for key in diff.changed if wanted and named(key)}
    some = diff.some
    if init_errors and any(path_contains(outer, [_INIT_ERROR]) for outer in wanted):
        keys.add(_INIT_ERROR)
        some = True
        detailed = (detailed or {}) | {_INIT_ERROR: ("update-replace", False)} if detailed is not None else None
    return dataclasses.replace(diff, some=some, replace=tuple(sorted(keys)), detailed=detailed)
