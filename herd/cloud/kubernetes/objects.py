"""The objects of one cluster, and what its API server does with them."""

from __future__ import annotations

import copy
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from herd.cloud import clock
from herd.cloud.kubernetes import ownership, status
from herd.cloud.kubernetes.admission import admitted
from herd.cloud.kubernetes.kinds import CRD, Kind, built_in_kinds, custom_kinds, defined
from herd.cloud.kubernetes.releases import charts_installed
from herd.cloud.kubernetes.verify import causes

Json = dict[str, Any]
Key = tuple[str, str]
"""Namespace (empty for what has none) and name."""

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_KEPT_NAMESPACES = frozenset({"default", "kube-public", "kube-system"})
# What EKS puts into every cluster: the CRD of the VPC CNI.
OF_EKS = ("eniconfigs.crd.k8s.amazonaws.com",)
MERGE_PATCH, APPLY_PATCH = "application/merge-patch+json", "application/apply-patch+yaml"


@dataclass
class _Stored:
    """An object, and which fields each manager owns."""

    body: Json
    owners: dict[str, dict[ownership.Path, Any]] = field(default_factory=dict)


class Objects:
    """A cluster's API server and its store. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._revision = 0
        self._kinds: dict[tuple[str, str], Kind] = {(each.api_version, each.plural): each for each in built_in_kinds()}
        self._store: dict[tuple[str, str], dict[Key, _Stored]] = {}
        namespace, definition = (
            self._kinds["v1", "namespaces"],
            self._kinds["apiextensions.k8s.io/v1", f"{CRD.lower()}s"],
        )
        for name in NAMESPACES:
            self.create(namespace, "", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        for kind in custom_kinds():
            if kind.resource in OF_EKS:
                self.create(definition, "", kind.definition())

    def kinds(self) -> list[Kind]:
        """Every kind the cluster knows now."""
        with self._lock:
            return list(self._kinds.values())

    def kind(self, api_version: str, plural: str) -> Kind:
        """A kind by its place in a path.

        Raises:
            Refused: The cluster doesn't know it.
        """
        with self._lock:
            found = self._kinds.get((api_version, plural))
        if found is None:
            raise status.no_such_path()
        return found

    def get(self, kind: Kind, namespace: str, name: str) -> Json:
        """An object.

        Raises:
            Refused: There is none.
        """
        with self._lock:
            return copy.deepcopy(self._stored(kind, namespace, name).body)

    def all_of(self, kind: Kind, namespace: str = "", labels: Mapping[str, str] | None = None) -> list[Json]:
        """The objects of a kind: of one namespace or all, with some labels or any."""
        with self._lock:
            return [
                copy.deepcopy(stored.body)
                for (place, _), stored in sorted(self._of(kind).items())
                if namespace in {"", place} and _labelled(stored.body, labels or {})
            ]

    def create(self, kind: Kind, namespace: str, body: Json, *, manager: str = "", dry_run: bool = False) -> Json:
        """Make an object.

        Raises:
            Refused: It is wrong, its name is taken, or its namespace isn't there.
        """
        with self._lock:
            fresh = self._prepared(kind, namespace, body)
            name = fresh["metadata"]["name"]
            if (fresh["metadata"].get("namespace", ""), name) in self._of(kind):
                raise status.already_exists(kind.resource, name)
            stored = _Stored(
                self._checked(kind, fresh, None), {manager: ownership.owned(_asked(body))} if manager else {}
            )
            if kind.finalizer and self._controlled(kind):
                stored.body["metadata"].setdefault("finalizers", []).append(kind.finalizer.name)
            return self._keep(kind, stored, None, dry_run=dry_run)

    def replace(self, kind: Kind, namespace: str, name: str, body: Json, *, dry_run: bool = False) -> Json:
        """Put another content in an object's place.

        Raises:
            Refused: It is wrong, isn't there, or was changed since `body` was read.
        """
        with self._lock:
            stored = self._stored(kind, namespace, name)
            given = (body.get("metadata") or {}).get("resourceVersion")
            if given and given != stored.body["metadata"]["resourceVersion"]:
                why = "the object has been modified; please apply your changes to the latest version and try again"
                raise status.conflict(kind.resource, name, why)
            return self._changed(kind, stored, self._kept_identity(kind, stored, body), stored.owners, dry_run=dry_run)

    def merge(self, kind: Kind, namespace: str, name: str, patch: Json, *, dry_run: bool = False) -> Json:
        """Change an object by a JSON merge patch (RFC 7386).

        Raises:
            Refused: The result is wrong, or the object isn't there.
        """
        with self._lock:
            stored = self._stored(kind, namespace, name)
            body = self._kept_identity(kind, stored, _merge(stored.body, patch))
            return self._changed(kind, stored, body, stored.owners, dry_run=dry_run)

    def apply(
        self, kind: Kind, namespace: str, name: str, asked: Json, *, manager: str, force: bool, dry_run: bool = False
    ) -> Json:
        """Make an object what a manager asks for, or make it.

        Raises:
            Refused: It is wrong, or another manager owns what is to change.
        """
        with self._lock:
            found = self._of(kind).get((namespace if kind.namespaced else "", name))
            if found is None:
                return self.create(kind, namespace, asked, manager=manager, dry_run=dry_run)
            asked = _asked(asked)
            others = {who: fields for who, fields in found.owners.items() if who != manager}
            clashes = ownership.conflicts(asked, found.body, others)
            if clashes and not force:
                plural = "s" if len(clashes) > 1 else ""
                raise status.Refused(
                    409,
                    "Conflict",
                    f"Apply failed with {len(clashes)} conflict{plural}: conflict{plural} with " + ", ".join(clashes),
                )
            mine = ownership.owned(asked)
            lost = {path for path in mine if not ownership.same(ownership.at(found.body, path), mine[path])}
            others = {who: {p: v for p, v in fields.items() if p not in lost} for who, fields in others.items()}
            kept = {path for fields in others.values() for path in fields}
            body = ownership.merged(asked, found.body, found.owners.get(manager, {}), kept)
            return self._changed(kind, found, body, {**others, manager: mine}, dry_run=dry_run)

    def delete(self, kind: Kind, namespace: str, name: str) -> Json:
        """Delete an object, and what lives in it. One with a finalizer stays until its controller lets go.

        Raises:
            Refused: There is none, or it may not be deleted.
        """
        with self._lock:
            stored = self._stored(kind, namespace, name)
            if kind.kind == "Namespace" and name in _KEPT_NAMESPACES:
                message = f'namespaces "{name}" is forbidden: this namespace may not be deleted'
                raise status.Refused(403, "Forbidden", message)
            held = [stored, *self._instances_held(kind, stored)]
            finalizers = {name for each in held for name in each.body["metadata"].get("finalizers", ())}
            if not self._let_go(kind, stored, finalizers):
                for each in held:
                    each.body["metadata"].setdefault("deletionTimestamp", _now())
                return copy.deepcopy(stored.body)
            self._drop(kind, (namespace if kind.namespaced else "", name))
            return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}

    def _of(self, kind: Kind) -> dict[Key, _Stored]:
        # All versions of a kind show the same objects.
        return self._store.setdefault((kind.group, kind.plural), {})

    def _stored(self, kind: Kind, namespace: str, name: str) -> _Stored:
        found = self._of(kind).get((namespace if kind.namespaced else "", name))
        if found is None:
            raise status.not_found(kind.resource, name)
        return found

    def _prepared(self, kind: Kind, namespace: str, body: Json) -> Json:
        """A new object as it comes in, with its place."""
        fresh: Json = copy.deepcopy(body)
        for name, wanted in (("apiVersion", kind.api_version), ("kind", kind.kind)):
            if fresh.get(name, wanted) != wanted:
                raise status.bad_request(
                    f"{name} of the data ({fresh[name]}) does not match the expected one ({wanted})"
                )
            fresh[name] = wanted
        metadata = fresh.setdefault("metadata", {})
        if not isinstance(metadata, dict) or not metadata.get("name"):
            raise status.invalid(kind.title, "", [status.required("metadata.name")])
        self._place(kind, namespace, metadata)
        fresh.pop("status", None)
        return fresh

    def _place(self, kind: Kind, namespace: str, metadata: Json) -> None:
        if not kind.namespaced:
            metadata.pop("namespace", None)
            return
        if metadata.get("namespace", namespace) != namespace:
            raise status.bad_request(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
        metadata["namespace"] = namespace
        if ("", namespace) not in self._store.get(("", "namespaces"), {}):
            raise status.not_found("namespaces", namespace)

    @staticmethod
    def _kept_identity(kind: Kind, stored: _Stored, body: Json) -> Json:
        """A changed object with what no change can touch."""
        changed = {**copy.deepcopy(body), "apiVersion": kind.api_version, "kind": kind.kind}
        kept = {
            key: stored.body["metadata"][key]
            for key in ("name", "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp")
            if key in stored.body["metadata"]
        }
        changed["metadata"] = {**changed.get("metadata", {}), **kept}
        return changed

    @staticmethod
    def _checked(kind: Kind, body: Json, old: Json | None) -> Json:
        shown, wrong = causes(kind, admitted(kind, body), old)
        if wrong:
            raise status.invalid(kind.title, body["metadata"]["name"], wrong)
        return shown

    def _changed(
        self, kind: Kind, stored: _Stored, body: Json, owners: dict[str, dict[ownership.Path, Any]], *, dry_run: bool
    ) -> Json:
        fresh = _Stored(self._checked(kind, body, stored.body), owners)
        if fresh.body == stored.body:
            if not dry_run:
                stored.owners = owners
            return copy.deepcopy(stored.body)
        return self._keep(kind, fresh, stored.body, dry_run=dry_run)

    def _keep(self, kind: Kind, stored: _Stored, old: Json | None, *, dry_run: bool) -> Json:
        metadata = stored.body["metadata"]
        metadata.setdefault("uid", str(uuid.uuid4()))
        metadata.setdefault("creationTimestamp", _now())
        if old is None or any(old.get(part) != stored.body.get(part) for part in ("spec", "data")):
            metadata["generation"] = metadata.get("generation", 0) + 1
        if dry_run:
            return copy.deepcopy(stored.body)
        self._revision += 1
        metadata["resourceVersion"] = str(self._revision)
        self._of(kind)[metadata.get("namespace", ""), metadata["name"]] = stored
        if kind.kind == CRD:
            for added in defined(stored.body):
                self._kinds[added.api_version, added.plural] = added
        if metadata.get("deletionTimestamp") and not metadata.get("finalizers"):
            self._drop(kind, (metadata.get("namespace", ""), metadata["name"]))
        return copy.deepcopy(stored.body)

    def _drop(self, kind: Kind, key: Key) -> None:
        gone = self._of(kind).pop(key)
        if kind.kind == "Namespace":
            for objects in self._store.values():
                for each in [each for each in objects if each[0] == key[1]]:
                    del objects[each]
        if kind.kind == CRD:
            for removed in defined(gone.body):
                self._kinds.pop((removed.api_version, removed.plural), None)
                self._store.pop((removed.group, removed.plural), None)

    def _controlled(self, kind: Kind) -> bool:
        """Whether the controller of a kind runs here."""
        return kind.finalizer is not None and kind.finalizer.chart in set(self._charts())

    def _charts(self) -> Iterator[str]:
        yield from charts_installed(stored.body for stored in self._store.get(("", "secrets"), {}).values())

    def _instances_held(self, kind: Kind, stored: _Stored) -> list[_Stored]:
        """The objects of a definition's kinds that a finalizer holds: the definition can't go before them."""
        if kind.kind != CRD:
            return []
        places = {(each.group, each.plural) for each in defined(stored.body)}
        instances = [each for place in places for each in self._store.get(place, {}).values()]
        return [each for each in instances if each.body["metadata"].get("finalizers")]

    def _let_go(self, kind: Kind, stored: _Stored, finalizers: set[str]) -> bool:
        """Whether the controllers of what holds an object take their finalizers away."""
        kinds = defined(stored.body) if kind.kind == CRD else [kind]
        return finalizers <= {each.finalizer.name for each in kinds if each.finalizer and self._controlled(each)}


def _now() -> str:
    return clock.now().isoformat().replace("+00:00", "Z")


def _asked(body: Json) -> Json:
    """What a manager asks for, without what only the server writes."""
    asked = {key: value for key, value in body.items() if key != "status"}
    ours = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "deletionTimestamp")
    metadata = {key: value for key, value in (body.get("metadata") or {}).items() if key not in ours}
    return {**asked, "metadata": metadata}


def _labelled(body: Json, labels: Mapping[str, str]) -> bool:
    held = body["metadata"].get("labels") or {}
    return all(held.get(key) == value for key, value in labels.items())


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value)
    return merged
