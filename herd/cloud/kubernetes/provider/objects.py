"""Ordinary objects, built in or custom: one resource is one object of the cluster."""

from __future__ import annotations

import contextlib
import hashlib
import secrets as randomness
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from herd.cloud.kubernetes.admission import encoded
from herd.cloud.kubernetes.kinds import Kind, known_kind
from herd.cloud.kubernetes.objects import APPLY_PATCH
from herd.cloud.kubernetes.provider.api import Api, ApiError, NoMatchError
from herd.cloud.kubernetes.provider.changes import IDENTITY, Difference, Path, compare, pruned, replacing
from herd.cloud.kubernetes.provider.secrets import annotated
from herd.cloud.kubernetes.provider.settings import Settings
from herd.cloud.provider.client import Backoff, Patience
from herd.cloud.provider.errors import CloudError, PartialError, RefusedError
from herd.cloud.provider.wire import Unknown, holds, plain

Json = dict[str, Any]

AUTONAMED = "pulumi.com/autonamed"
INPUTS, VERSION, MANAGER = "__inputs", "__initialApiVersion", "__fieldManager"
CREATOR = "pulumi-kubernetes"
_READ_ONLY = (
    "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields",
    "resourceVersion", "uid",
)  # fmt: skip
_DIGITS = 8
_GONE = 404

EXISTS = (
    "\n\nThe resource already exists in the cluster: give it a name of its own, import it, make a Patch resource, "
    "or set upsertExistingObjects on the provider"
)


@dataclass(frozen=True)
class Token:
    """A resource type: ``kubernetes:GROUP/VERSION:KIND``."""

    api_version: str
    kind: str

    @classmethod
    def of(cls, urn: str) -> Token:
        """The type in a URN."""
        _, api_version, kind = urn.split("::")[2].rsplit("$", maxsplit=1)[-1].split(":")
        return cls(api_version.removeprefix("core/"), kind)


class Objects:
    """Operations on ordinary objects.

    Args:
        settings: The configured provider.
        patience: How long things are waited for.
    """

    def __init__(self, settings: Settings, patience: Patience) -> None:
        self._settings, self._patience = settings, patience

    def check(
        self, urn: str, olds: Json, news: Json, seed: bytes, autonaming: Mapping[str, Any] | None
    ) -> tuple[Json, list[tuple[str, str]]]:
        """Inputs as they will be used: with their kind, without what only the server writes, with a name."""
        token = Token.of(urn)
        if token.kind.endswith(("List", "Patch")):
            return news, [("", f"{token.kind} isn't modelled by the stand-in provider: make the objects themselves")]
        inputs = {"apiVersion": token.api_version, "kind": token.kind, **_without_nulls(news)}
        metadata = inputs.get("metadata")
        if isinstance(metadata, Unknown):
            return inputs, []
        metadata = {key: value for key, value in plain(metadata or {}).items() if key not in _READ_ONLY}
        if not metadata.get("namespace") and self._namespaced(token):
            metadata["namespace"] = self._settings.namespace
        failures = _named(metadata, urn, plain(olds).get("metadata") or {}, seed, autonaming or {})
        inputs["metadata"] = annotated(metadata, news.get("metadata"))
        return inputs, failures

    def diff(self, urn: str, olds: Json, news: Json, ignore: Sequence[str]) -> tuple[Difference, bool]:
        """What changed, and whether the old object must go before the new one can be."""
        token, state, wanted = Token.of(urn), plain(olds), plain(news)
        asked = _normal(state.get(INPUTS) or {})
        live = {key: value for key, value in state.items() if key not in (INPUTS, VERSION, MANAGER)}
        wanted = _normal(wanted)
        before = _normal(pruned(live, asked))
        before.update({key: live[key] for key in ("apiVersion", "kind") if key in live})
        here, there = before.setdefault("metadata", {}), wanted.setdefault("metadata", {})
        if isinstance(there, Unknown):
            return compare(before, wanted, self._forcing(token, {}), ignore), False
        if "name" in live.get("metadata", {}):
            here["name"] = live["metadata"]["name"]
        if not live.get("metadata", {}).get("namespace"):
            there.pop("namespace", None)  # set while nobody knew the kind yet
        found = compare(before, wanted, self._forcing(token, wanted), ignore)
        named = bool(there.get("name")) and AUTONAMED not in (there.get("annotations") or {})
        stays = all(there.get(key) == here.get(key) for key in ("name", "namespace"))
        return found, bool(found.replaces) and named and stays

    def create(self, inputs: Json, seconds: float, *, preview: bool) -> tuple[str, Json]:
        """Make an object; in a preview, let the server check it without keeping anything."""
        if preview and (self._settings.api is None or holds(inputs, Unknown)):
            return "", inputs
        body, manager = plain(inputs), f"{CREATOR}-{_random(b'')}"
        try:
            if preview:
                live = self._make(body, manager, dry_run=True)
            else:
                live = self._patiently(lambda: self._make(body, manager, dry_run=False), seconds)
        except ApiError as error:
            if preview and (
                isinstance(error, NoMatchError) or error.code in {"AlreadyExists", "NotFound", "Forbidden"}
            ):
                return "", inputs
            raise _creation_failed(error) from None
        if preview:
            live.pop("status", None)
        return "" if preview else _id(live), _checkpoint(inputs, live, manager)

    def update(self, id_: str, olds: Json, news: Json, *, preview: bool) -> Json:
        """Apply what is wanted.

        Raises:
            PartialError: The server refuses; what is there stays as it is, and what is wanted is kept for next time.
        """
        if preview and (self._settings.api is None or holds(news, Unknown)):
            return news
        body, manager = plain(news), str(plain(olds).get(MANAGER) or CREATOR)
        query = {"fieldManager": manager, **({"dryRun": "All"} if preview else {})}
        try:
            path = self._kind(body).path(self._namespace(body), body["metadata"]["name"])
            live = self._api.ask("PATCH", path, body, query=query, content=APPLY_PATCH)
        except ApiError as error:
            if preview and (isinstance(error, NoMatchError) or error.code == "Forbidden"):
                return news
            if preview or isinstance(error, NoMatchError):
                raise
            live = self._api.ask("GET", path)
            why = f'the Kubernetes API server reported that "{id_}" failed to fully initialize or become live: {error}'
            raise PartialError(id_, _checkpoint(news, live, manager), [why]) from None
        return _checkpoint(news, live, manager)

    def read(self, urn: str, id_: str, state: Json, inputs: Json) -> tuple[str, Json, Json]:
        """What the cluster holds; an empty id if it is gone."""
        token, wanted = Token.of(urn), _with_data(inputs)
        asked = plain(wanted)
        namespace, _, name = id_.rpartition("/")
        try:
            kind = self._api.kind(token.api_version, token.kind)
            live = self._api.ask("GET", kind.path(namespace, name))
        except ApiError as error:
            if error.status == _GONE:
                return "", {}, {}
            raise
        # Without inputs this is a look-up: everything there is was asked for.
        seen = pruned(live, asked) if asked else _normal(live)
        seen.pop("status", None)
        manager = str(plain(state).get(MANAGER) or CREATOR)
        seen = annotated(seen, wanted)
        return id_, _checkpoint(seen, live, manager), seen

    def delete(self, urn: str, id_: str, seconds: float) -> None:
        """Take an object away, and wait until it is gone."""
        token = Token.of(urn)
        namespace, _, name = id_.rpartition("/")
        try:
            kind = self._api.kind(token.api_version, token.kind)
            path = kind.path(namespace, name)
            left = self._api.ask("DELETE", path)
            backoff = Backoff(self._patience, min(seconds or self._patience.dependency, self._patience.dependency))
            while left.get("kind") != "Status" and backoff.wait():
                left = self._api.ask("GET", path)
        except ApiError as error:
            if error.status == _GONE:  # or its kind is, and all objects with it
                return
            raise
        if left.get("kind") != "Status":
            held = ", ".join(left["metadata"].get("finalizers", ()))
            text = (
                f"{id_} is being deleted but not gone: its finalizers ({held}) wait for a controller that isn't there"
            )
            raise RefusedError("delete", "Timeout", text)

    @property
    def _api(self) -> Api:
        if self._settings.api is None:
            text = f"configured Kubernetes cluster is unreachable: {self._settings.unreachable}"
            raise RefusedError("", "", text)
        return self._settings.api

    def _kind(self, body: Json) -> Kind:
        return self._api.kind(body["apiVersion"], body["kind"])

    def _make(self, body: Json, manager: str, *, dry_run: bool) -> Json:
        kind, namespace = self._kind(body), self._namespace(body)
        query = {"fieldManager": manager, **({"dryRun": "All"} if dry_run else {})}
        if self._settings.upsert:
            name = body["metadata"]["name"]
            return self._api.ask("PATCH", kind.path(namespace, name), body, query=query, content=APPLY_PATCH)
        return self._api.ask("POST", kind.path(namespace), body, query=query)

    @staticmethod
    def _namespace(body: Json) -> str:
        return str(body["metadata"].get("namespace", ""))

    def _namespaced(self, token: Token) -> bool:
        """Whether objects of a type live in a namespace; assumed of a kind that nobody knows yet."""
        known = known_kind(token.api_version, token.kind)
        if self._settings.api is not None:
            with contextlib.suppress(NoMatchError):
                known = self._settings.api.kind(token.api_version, token.kind)
        return known is None or known.namespaced

    def _forcing(self, token: Token, wanted: Json) -> Sequence[Path]:
        paths = replacing(token.api_version, token.kind)
        if token.kind in self._settings.mutable and not wanted.get("immutable"):
            paths = tuple(path for path in paths if path == ("type",))
        return (*IDENTITY, *paths)

    def _patiently(self, make: Callable[[], Json], seconds: float) -> Json:
        """Try again while what an object needs (its kind, its namespace) may still come, as the provider does."""
        backoff = Backoff(self._patience, min(seconds or self._patience.eventual, self._patience.eventual))
        while True:
            try:
                return make()
            except ApiError as error:
                if error.status != _GONE or not backoff.wait():
                    raise


def _creation_failed(error: ApiError) -> CloudError:
    if isinstance(error, NoMatchError):
        text = (
            "the Kubernetes API server reported that the apiVersion for this resource does not exist. "
            f"Verify that any required CRDs have been created: {error}"
        )
        return RefusedError("create", "", text)
    return RefusedError("create", "", f"{error}{EXISTS if error.code == 'AlreadyExists' else ''}")


def _checkpoint(inputs: Json, live: Json, manager: str) -> Json:
    """What the state keeps: the object as it is, and what was asked for."""
    shown = annotated(live, _with_data(inputs))
    return {**shown, INPUTS: inputs, VERSION: live["apiVersion"], MANAGER: manager}


def _normal(body: Json) -> Json:
    """An object without what only the server writes, and with what it writes elsewhere."""
    normal = _with_data(body)
    if isinstance(body.get("metadata"), Mapping):
        normal["metadata"] = {key: value for key, value in body["metadata"].items() if key not in _READ_ONLY}
    return normal


def _with_data(body: Json) -> Json:
    """A Secret with its texts as data, as the server keeps them; what is secret or not known yet stays so."""
    if body.get("kind") != "Secret" or "stringData" not in body:
        return dict(body)
    texts = body["stringData"]
    rest = {key: value for key, value in body.items() if key != "stringData"}
    if isinstance(texts, Unknown):
        return {**rest, "data": texts}
    data = {key: _encoded(text) for key, text in plain(texts).items()}
    data = annotated(data, texts)
    return {**rest, "data": {**(rest.get("data") or {}), **data} if isinstance(data, Mapping) else data}


def _encoded(text: Any) -> Any:
    return text if isinstance(text, Unknown) else encoded(str(text))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _named(
    metadata: Json, urn: str, old: Mapping[str, Any], seed: bytes, autonaming: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Give an object a name if it has none: the one it has already, or a new one; what stands against that."""
    if metadata.get("generateName"):
        return [("metadata.generateName", "not supported in Server-Side Apply mode: give a name or none")]
    if metadata.get("name"):
        return []
    if AUTONAMED in (old.get("annotations") or {}):
        metadata["name"] = old["name"]
    elif autonaming.get("mode") == "disable":
        return [("metadata.name", "autonaming is disabled: the resource needs a name")]
    else:
        metadata["name"] = autonaming.get("proposedName") or f"{urn.split('::', 3)[3]}-{_random(seed)}"
    metadata["annotations"] = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
    return []


def _id(live: Json) -> str:
    metadata = live["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


def _random(seed: bytes) -> str:
    return hashlib.sha256(seed).hexdigest()[:_DIGITS] if seed else randomness.token_hex(_DIGITS // 2)
