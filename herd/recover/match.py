"""Which objects of the cloud an interrupted run left behind, and which pending operation each belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any, Final, Protocol

_IDS: Final = {
    "aws:eks/accessEntry:AccessEntry": "{clusterName}:{principalArn}",
    "aws:eks/addon:Addon": "{clusterName}:{addonName}",
    "aws:eks/nodeGroup:NodeGroup": "{clusterName}:{nodeGroupName}",
}
"""Ids that are made of inputs, by type: a pool's slices, for one, are made side by side and have the same tags."""


class CloudObject(Protocol):
    """What the audit knows of an object (`herd.cloud.audit.Found`)."""

    @property
    def type(self) -> str:
        """Pulumi's resource type."""

    @property
    def id(self) -> str:
        """The id Pulumi would give it."""

    @property
    def name(self) -> str:
        """Its name, or its Name tag."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags."""


@dataclass(frozen=True)
class Pending:
    """An operation whose end nobody knows.

    Attributes:
        operation: `creating`, `updating`, `deleting` or `reading`.
        resource: The resource as it was to become, in the form of the state file.
    """

    operation: str
    resource: Mapping[str, Any]

    @property
    def urn(self) -> str:
        """Whose operation it is."""
        return str(self.resource["urn"])


@dataclass(frozen=True)
class Orphan:
    """An object of the stack that the state doesn't know.

    Attributes:
        found: The object.
        pending: The interrupted creation it comes from; None if it can't be told from others or none fits.
    """

    found: CloudObject
    pending: Pending | None


def pending_of(deployment: Mapping[str, Any]) -> tuple[Pending, ...]:
    """The pending operations of a state."""
    rows = deployment.get("pending_operations") or ()
    return tuple(Pending(row["type"], row["resource"]) for row in rows)


def orphans(
    deployment: Mapping[str, Any], found: Iterable[CloudObject], owner: Mapping[str, str]
) -> tuple[Orphan, ...]:
    """Objects that carry the stack's tags and aren't in its state.

    Args:
        deployment: The state's `deployment`.
        found: What the cloud holds.
        owner: Tags that only this stack's objects carry.
    """
    known = {(r["type"], str(r.get("id"))) for r in deployment.get("resources", []) if r.get("custom")}
    strays = [
        item
        for item in sorted(found, key=lambda item: (item.type, item.id))
        if (item.type, item.id) not in known and all(item.tags.get(key) == value for key, value in owner.items())
    ]
    creating = [item for item in pending_of(deployment) if item.operation == "creating"]
    return tuple(Orphan(item, _pending_for(item, creating, strays)) for item in strays)


def chosen_id(pending: Pending) -> str:
    """The id that an interrupted creation was to get, where the program and not the cloud chose it; else empty.

    The objects of a Kubernetes cluster are such: their names are settled before they are made, and no audit of the
    account lists them.
    """
    kind, inputs = str(pending.resource["type"]), pending.resource.get("inputs") or {}
    if not kind.startswith("kubernetes:"):
        return ""
    place = inputs if kind.endswith(":Release") else inputs.get("metadata") or {}
    name, namespace = str(place.get("name") or ""), str(place.get("namespace") or "")
    return f"{namespace}/{name}" if name and namespace else name


def _pending_for(item: CloudObject, creating: Sequence[Pending], strays: Sequence[CloudObject]) -> Pending | None:
    """The one creation the object fits, if it is also the one object that fits that creation."""
    fits = [pending for pending in creating if _fits(item, pending)]
    if len(fits) != 1:
        return None
    rivals = [other for other in strays if _fits(other, fits[0])]
    return fits[0] if len(rivals) == 1 else None


def _fits(item: CloudObject, pending: Pending) -> bool:
    """Same type; the id or name if one was asked for, else every tag that was."""
    if pending.resource["type"] != item.type:
        return False
    inputs = pending.resource.get("inputs") or {}
    made_of = _IDS.get(item.type, "")
    if made_of and all(isinstance(inputs.get(key), str) for _, key, _, _ in Formatter().parse(made_of) if key):
        return item.id == made_of.format_map(inputs)
    names = {inputs[key] for key in ("name", "bucket") if isinstance(inputs.get(key), str)}
    wanted = inputs.get("tagsAll") or inputs.get("tags") or {}
    if names:
        return item.name in names or item.id in names
    return bool(wanted) and all(item.tags.get(key) == value for key, value in wanted.items())
