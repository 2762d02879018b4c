"""What differs between an object as it is and as it is wanted, and what of that needs another object.

Source: provider.go (`convertPatchToDiff`), util.go (`pruneMap`), diff.go (`forceNew`, in `replaces.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path as File
from typing import Any, Final

from pulumi.runtime.proto import provider_pb2
from ruamel.yaml import YAML

from herd.cloud.provider.wire import UNKNOWN

KINDS = provider_pb2.PropertyDiff
_REPLACING: Mapping[int, int] = {
    KINDS.ADD: KINDS.ADD_REPLACE,
    KINDS.DELETE: KINDS.DELETE_REPLACE,
    KINDS.UPDATE: KINDS.UPDATE_REPLACE,
}
_MISSING: Final = object()

Step = str | int
Path = tuple[Step, ...]

IDENTITY: Sequence[Path] = (("metadata", "name"), ("metadata", "namespace"))


@cache
def replacing(api_version: str, kind: str) -> tuple[Path, ...]:
    """The paths of a kind that can't be changed in place, besides its identity."""
    table = YAML(typ="safe").load(File(__file__).with_name("replaces.yaml").read_text(encoding="utf-8"))
    return tuple(tuple(path.split(".")) for path in (table.get(api_version) or {}).get(kind, ()))


@dataclass
class Difference:
    """The outcome of a comparison.

    Attributes:
        detailed: Path to PropertyDiff kind.
    """

    detailed: dict[str, int] = field(default_factory=dict)

    @property
    def replaces(self) -> list[str]:
        """The paths that need another object."""
        return sorted(path for path, kind in self.detailed.items() if kind in _REPLACING.values())

    @property
    def changed(self) -> list[str]:
        """The top-level properties that differ."""
        return sorted({path.split(".")[0].split("[")[0] for path in self.detailed})


def compare(old: Any, new: Any, forcing: Sequence[Path] = (), ignore: Sequence[str] = ()) -> Difference:
    """Compare an object as it is with one as it is wanted.

    Args:
        old: What is, pruned to what was asked for.
        new: What is asked for now.
        forcing: The paths whose change needs another object.
        ignore: Paths to leave alone, with everything below them.
    """
    found = Difference()
    for path, value, kind in _walk(old, new, ()):
        shown = written(path)
        if any(shown == each or shown.startswith((f"{each}.", f"{each}[")) for each in ignore):
            continue
        forced = any(_touches(path, value, each) for each in forcing)
        found.detailed[shown] = _REPLACING[kind] if forced else kind
    return found


def pruned(live: Any, asked: Any) -> Any:
    """What is, without what nobody asked for."""
    if isinstance(live, Mapping) and isinstance(asked, Mapping):
        return {key: pruned(value, asked[key]) for key, value in live.items() if key in asked}
    if isinstance(live, list) and isinstance(asked, list):
        if not live or not asked:
            return []
        return [pruned(value, wanted) for value, wanted in zip(live, asked, strict=False)]
    return live


def written(path: Path) -> str:
    """A path as Pulumi writes it."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif set(step) & set('."[]'):
            quoted = step.replace('"', '\\"')
            text += f'["{quoted}"]'
        else:
            text += f".{step}" if text else step
    return text


def _walk(old: Any, new: Any, path: Path) -> Iterator[tuple[Path, Any, int]]:
    if new is _MISSING:
        yield path, None, KINDS.DELETE
    elif old is _MISSING:
        yield path, new, KINDS.ADD
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _walk(old.get(key, _MISSING), new.get(key, _MISSING), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for at in range(max(len(old), len(new))):
            before = old[at] if at < len(old) else _MISSING
            yield from _walk(before, new[at] if at < len(new) else _MISSING, (*path, at))
    elif new is UNKNOWN or old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, new, KINDS.UPDATE


def _touches(path: Path, value: Any, forcing: Path) -> bool:
    """Whether a change at a path reaches a forcing one: at it, below it, or above it with a value that holds it."""
    for step, wanted in zip(path, forcing, strict=False):
        if wanted not in (step, "*") or (wanted == "*" and not isinstance(step, int)):
            return False
    return len(path) >= len(forcing) or value is None or _holds(value, forcing[len(path) :])


def _holds(value: Any, path: Path) -> bool:
    if not path:
        return True
    if path[0] == "*":
        return isinstance(value, list) and any(_holds(each, path[1:]) for each in value)
    return isinstance(value, Mapping) and path[0] in value and _holds(value[path[0]], path[1:])
