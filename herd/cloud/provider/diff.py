"""What changed between two sets of inputs, and whether it replaces the resource."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime.proto import provider_pb2

from herd.cloud.provider.compare import leaves, same
from herd.cloud.provider.replacement import Replacement, replacement
from herd.cloud.provider.row import Row
from herd.cloud.provider.wire import DEFAULTS, plain

KINDS = provider_pb2.PropertyDiff
_KIND = {
    ("add", False): KINDS.ADD,
    ("add", True): KINDS.ADD_REPLACE,
    ("update", False): KINDS.UPDATE,
    ("update", True): KINDS.UPDATE_REPLACE,
    ("delete", False): KINDS.DELETE,
    ("delete", True): KINDS.DELETE_REPLACE,
}


@dataclass
class Difference:
    """The outcome of a comparison.

    Attributes:
        detailed: Path to PropertyDiff kind.
        replaces: Top-level inputs that force a replacement.
        uncertain: Paths of which nobody knows whether they force one; shown as replacing, that is, as *may replace*.
        delete_first: Whether the old one must go before the new one can be.
    """

    detailed: dict[str, int] = field(default_factory=dict)
    replaces: set[str] = field(default_factory=set)
    uncertain: list[str] = field(default_factory=list)
    delete_first: bool = False

    @property
    def changed(self) -> list[str]:
        """Top-level inputs that changed."""
        return sorted({path.split(".")[0].split("[")[0] for path in self.detailed})


def compare(
    token: str,
    row: Row | None,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    region: str,
    ignore: Iterable[str] = (),
) -> Difference:
    """Compare inputs.

    Args:
        token: The type.
        row: Its row, None for a type that is only recorded.
        old: Inputs as of the last update or refresh.
        new: Inputs now.
        region: The provider's region: naming it and leaving it out is the same.
        ignore: Top-level properties to leave alone.
    """
    facts, found = replacement(token), Difference()
    old_values, new_values = plain(dict(old)), plain(dict(new))
    for values in (old_values, new_values):
        if values.get("region") == region:
            del values["region"]
    ignored = {path.split(".")[0].split("[")[0] for path in ignore}
    for name in sorted({*old_values, *new_values} - {DEFAULTS, "timeouts"} - ignored):
        ordered = row is not None and name in row.ordered
        document = row is not None and name in row.documents
        before, after = old_values.get(name), new_values.get(name)
        if same(before, after, is_document=document, ordered=ordered):
            continue
        # A document is one value to the reader, whatever changed inside.
        for path, kind in leaves(before, after, name):
            force = _force(path, kind, (old_values, new_values), row=row, facts=facts, found=found)
            found.detailed[path] = _KIND[kind, force]
            if force:
                found.replaces.add(name)
    found.delete_first = bool(found.replaces) and _fixed_name(row, new)
    return found


def _force(
    path: str,
    kind: str,
    values: tuple[Mapping[str, Any], Mapping[str, Any]],
    *,
    row: Row | None,
    facts: Replacement | None,
    found: Difference,
) -> bool:
    top = re.split(r"[.\[]", path, maxsplit=1)[0]
    if top in {"tags", "tagsAll"}:
        return False
    if top == "region":
        return True
    if facts is None or top in facts.unknown:
        if row is not None and top in row.fixed:
            return False  # AWS never hears of it, so it can't ask for a replacement.
        found.uncertain.append(path)
        return True
    return facts.forces(path, kind, *values)


def _fixed_name(row: Row | None, new: Mapping[str, Any]) -> bool:
    """Whether the old one must go first: by the bridge's own flag, or because the program fixes the name.

    Source: pulumi-terraform-bridge `pkg/tfbridge/schema.go`, nameRequiresDeleteBeforeReplace.
    """
    if row is None:
        return False
    if row.delete_before_replace:
        return True
    return row.name is not None and row.name.input in new and row.name.input not in (new.get(DEFAULTS) or [])
