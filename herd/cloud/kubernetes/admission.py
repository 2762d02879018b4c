"""What an API server changes in an object before it keeps it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from herd.cloud.kubernetes.kinds import Kind

Json = dict[str, Any]


def admitted(kind: Kind, body: Json) -> Json:
    """The object as it is kept."""
    admit = _ADMIT.get((kind.api_version, kind.kind))
    return admit(body) if admit else body


def encoded(text: str) -> str:
    """A text as it stands in the data of a Secret."""
    return base64.b64encode(text.encode()).decode()


def _secret(body: Json) -> Json:
    """Texts are written into the data and never shown as such."""
    texts = body.get("stringData")
    kept = {"type": "Opaque", **{key: value for key, value in body.items() if key != "stringData"}}
    if isinstance(texts, Mapping) and all(isinstance(text, str) for text in texts.values()):
        kept["data"] = {**(body.get("data") or {}), **{key: encoded(text) for key, text in texts.items()}}
    elif texts is not None:
        kept["stringData"] = texts  # to be refused
    return kept


def _namespace(body: Json) -> Json:
    metadata = body["metadata"]
    labels = metadata.get("labels") or {}
    if not isinstance(labels, Mapping):
        return body
    return {**body, "metadata": {**metadata, "labels": {**labels, "kubernetes.io/metadata.name": metadata["name"]}}}


_ADMIT: Mapping[tuple[str, str], Callable[[Json], Json]] = {("v1", "Namespace"): _namespace, ("v1", "Secret"): _secret}
