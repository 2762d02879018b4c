"""Whether an object is as its kind says: metadata, shape, rules between fields, what may never change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from herd.cloud.kubernetes import status
from herd.cloud.kubernetes.kinds import Kind, definitions
from herd.cloud.kubernetes.ownership import at
from herd.cloud.kubernetes.rules import RULES
from herd.cloud.kubernetes.schema import broken_rules, defaulted, problems
from herd.cloud.kubernetes.status import Cause

Json = dict[str, Any]

_LABEL = r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)"
_DOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
QUALIFIED = re.compile(rf"({_DOMAIN}/)?{_LABEL}\Z")
LABEL_VALUE = re.compile(rf"{_LABEL}?\Z")
SUBDOMAIN = re.compile(rf"{_DOMAIN}\Z")
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
FREE_NAME = re.compile(r"[^/%]+\Z")
_NAME_LENGTH, _LABEL_LENGTH = 253, 63

# What the API server never lets change, where the provider doesn't replace the object anyway.
# Source: k8s.io/kubernetes, pkg/apis/*/validation.
_FIXED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "ClusterRoleBinding": (("roleRef",),),
    "DaemonSet": (("spec", "selector"),),
    "Deployment": (("spec", "selector"),),
    "Job": (("spec", "selector"), ("spec", "template"), ("spec", "completions")),
    "PriorityClass": (("value",), ("preemptionPolicy",)),
    "RoleBinding": (("roleRef",),),
    "Secret": (("type",),),
    "StorageClass": (("provisioner",), ("parameters",), ("reclaimPolicy",), ("volumeBindingMode",)),
}


def causes(kind: Kind, body: Json, old: Json | None) -> tuple[Json, list[Cause]]:
    """The object with its defaults, and everything that is wrong with it.

    Args:
        kind: Its kind.
        body: The object.
        old: What it was before; None for a new one.
    """
    shown = defaulted(kind.schema, body)
    content = {key: value for key, value in shown.items() if key not in {"apiVersion", "kind", "metadata"}}
    shapes = definitions()
    # A definition's own schema says nothing of what every object has.
    wrong = [
        *_metadata(kind, body["metadata"]),
        *problems({**kind.schema, "required": _content(kind)}, content, "", shapes),
    ]
    if not wrong:
        wrong += broken_rules(kind.schema, content, old, RULES)
    if not wrong and old is not None:
        wrong += _fixed(kind, shown, old)
    return shown, wrong


def _content(kind: Kind) -> list[str]:
    return [name for name in kind.schema.get("required", ()) if name not in {"apiVersion", "kind", "metadata"}]


def _metadata(kind: Kind, metadata: Mapping[str, Any]) -> Iterator[Cause]:
    yield from problems({"$ref": "meta.v1:ObjectMeta"}, dict(metadata), "metadata", definitions())
    name = metadata["name"]
    if not isinstance(name, str):
        return
    short = kind.kind in {"Namespace", "Service"}
    pattern, longest = (DNS_LABEL, _LABEL_LENGTH) if short else (SUBDOMAIN, _NAME_LENGTH)
    if kind.group == "rbac.authorization.k8s.io":  # whose names may hold colons
        pattern = FREE_NAME
    if not pattern.match(name):
        what = "a DNS-1123 label" if pattern is DNS_LABEL else "a lowercase RFC 1123 subdomain"
        why = f"{what} must consist of lower case alphanumeric characters, '-' or '.'"
        yield status.invalid_value("metadata.name", name, why)
    elif len(name) > longest:
        yield Cause("metadata.name", "FieldValueTooLong", f"Too long: may not be more than {longest} bytes")
    for part, values in (("labels", True), ("annotations", False)):
        held = metadata.get(part)
        if isinstance(held, Mapping):
            yield from _keys(f"metadata.{part}", held, values=values)


def _keys(path: str, held: Mapping[str, Any], *, values: bool) -> Iterator[Cause]:
    for key, value in held.items():
        if not QUALIFIED.match(key if path.endswith("labels") else key.lower()):
            yield status.invalid_value(path, key, "name part must consist of alphanumeric characters, '-', '_' or '.'")
        if values and isinstance(value, str) and not LABEL_VALUE.match(value):
            why = "a valid label must be an empty string or at most 63 alphanumeric characters, '-', '_' or '.'"
            yield status.invalid_value(path, value, why)


def _fixed(kind: Kind, body: Json, old: Json) -> Iterator[Cause]:
    paths = _FIXED.get(kind.kind, ())
    if old.get("immutable") and kind.kind in {"ConfigMap", "Secret"}:
        paths = (*paths, ("data",), ("binaryData",))
    for path in paths:
        if at(body, path) != at(old, path):
            yield status.invalid_value(".".join(path), at(body, path), "field is immutable")
