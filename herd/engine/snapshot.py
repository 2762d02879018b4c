"""The state while a run changes it, as a fold over journal entries (pkg/backend/journal.go, JournalReplayer).

What a run makes comes first, in the order of completion; what it didn't touch yet follows. A slot names a state:
`["o", i]` is the i-th resource of the base, `["n", n]` what operation n made. Entries:

    {"k": "begin", "n": 3, "op": {"type": "creating", "resource": …}}
    {"k": "end", "n": 3, "state": …, "remove": slot, "condemn": slot, "pend": slot}    all but k and n optional
    {"k": "fail", "n": 3}
    {"k": "put", "at": slot, "state": … or null, "refresh": true}      outputs of a component; a refreshed resource
    {"k": "rebuilt"}                                                   what was refreshed becomes the base
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from herd.engine.state import STACK_TYPE, make_urn, qualified_type, ref_urn, urn_name, urn_type

Entry = dict[str, Any]
Json = dict[str, Any]
ENGINE_VERSION = "v3.260.0"


class Snapshot:
    """A deployment in the making.

    Args:
        deployment: The deployment to start from (its `resources` are not modified).
    """

    def __init__(self, deployment: Json) -> None:
        self._rest = {k: v for k, v in deployment.items() if k not in ("resources", "pending_operations", "manifest")}
        self._pending: list[Json] = deployment.get("pending_operations") or []
        self._refreshed = False
        self._restart(deployment.get("resources") or [])

    def _restart(self, resources: list[Json]) -> None:
        self._base: list[Json | None] = list(resources)
        self._new: dict[int, Json] = {}
        self._begun: dict[int, Json] = {}

    def apply(self, entry: Entry) -> None:
        """Take one journal entry."""
        match entry["k"]:
            case "begin":
                self._begun[entry["n"]] = entry["op"]
            case "fail":
                self._begun.pop(entry["n"], None)
            case "end":
                self._begun.pop(entry["n"], None)
                if "state" in entry:
                    self._new[entry["n"]] = entry["state"]
                if slot := entry.get("remove"):
                    self._put(slot, None)
                for flag, key in (("condemn", "delete"), ("pend", "pendingReplacement")):
                    if (slot := entry.get(flag)) and (state := self._get(slot)) is not None:
                        self._put(slot, state | {key: True})
            case "put":
                self._refreshed |= entry.get("refresh", False)
                self._put(entry["at"], entry["state"])
            case "rebuilt":
                self._restart(self.resources())
                self._refreshed = False  # repaired now; later aliases must not count as dangling
            case kind:
                raise ValueError(f"unknown journal entry {kind!r}")

    def _get(self, slot: list[Any]) -> Json | None:
        return self._base[slot[1]] if slot[0] == "o" else self._new.get(slot[1])

    def _put(self, slot: list[Any], state: Json | None) -> None:
        if slot[0] == "o":
            self._base[slot[1]] = state
        elif state is None:
            self._new.pop(slot[1], None)
        else:
            self._new[slot[1]] = state

    def resources(self) -> list[Json]:
        """The resources as they are now."""
        resources = [*self._new.values(), *(r for r in self._base if r is not None)]
        return normalized(undangled(resources) if self._refreshed else resources)

    def pending(self) -> list[Json]:
        """Operations begun and not ended; creations of earlier runs stay until someone clears them."""
        return [*self._begun.values(), *(p for p in self._pending if p["type"] == "creating")]

    def deployment(self, secrets_providers: Json | None) -> Json:
        """The whole as a deployment of format 3."""
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        manifest = {"time": now, "magic": sha256(ENGINE_VERSION.encode()).hexdigest(), "version": ENGINE_VERSION}
        result: Json = {"manifest": manifest, **self._rest, "resources": self.resources()}
        if secrets_providers:
            result["secrets_providers"] = secrets_providers
        if pending := self.pending():
            result["pending_operations"] = pending
        return result


def undangled(resources: list[Json]) -> list[Json]:
    """After a refresh: drop references to resources that are gone; children of a gone parent go to its parent."""
    seen: set[str] = set()
    parents: dict[str, str] = {}
    result = []
    for resource in copy.deepcopy(resources):
        for key in ("dependencies", "replaceWith"):
            if key in resource:
                resource[key] = [urn for urn in resource[key] if urn in seen]
        if "propertyDependencies" in resource:
            kept = {k: [u for u in urns if u in seen] for k, urns in resource["propertyDependencies"].items()}
            resource["propertyDependencies"] = {k: urns for k, urns in kept.items() if urns}
        if resource.get("deletedWith") not in seen:
            resource.pop("deletedWith", None)
        seen.add(resource["urn"])
        result.append(resource)
    for resource in result:
        parent = resource.get("parent", "")
        if parent and parent not in seen:
            resource["parent"] = parents.get(parent, "")
        parents[resource["urn"]] = resource.get("parent", "")
    return result


def normalized(resources: list[Json]) -> list[Json]:
    """Resolve aliases: whatever refers to an old URN refers to the new one (DeploymentV3.NormalizeURNReferences)."""
    aliased: dict[str, str] = {}
    for resource in resources:
        urn = resource["urn"]
        aliased.update(dict.fromkeys(resource.get("aliases") or (), urn))
        parent = aliased.get(resource.get("parent", ""))
        if parent and qualified_type(parent) != STACK_TYPE:
            stack, project = urn.removeprefix("urn:pulumi:").split("::")[:2]
            aliased[urn] = make_urn(stack, project, parent, urn_type(urn), urn_name(urn))
    if not aliased:
        return resources

    def fixed(urn: str) -> str:
        return aliased.get(urn, urn)

    return [_renamed(resource, fixed) for resource in resources]


def _renamed(old: Json, fixed: Callable[[str], str]) -> Json:
    resource = {k: v for k, v in old.items() if k != "aliases"}
    for key in ("urn", "parent", "deletedWith"):
        if key in old:
            resource[key] = fixed(old[key])
    for key in ("dependencies", "replaceWith"):
        if key in old:
            resource[key] = [fixed(u) for u in old[key]]
    if "propertyDependencies" in old:
        resource["propertyDependencies"] = {k: [fixed(u) for u in v] for k, v in old["propertyDependencies"].items()}
    if "provider" in old:
        urn = ref_urn(old["provider"])
        resource["provider"] = fixed(urn) + old["provider"][len(urn) :]
    return resource
