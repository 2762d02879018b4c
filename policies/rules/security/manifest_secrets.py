"""HERD-078: no secrets in plain manifests: ConfigMaps, environment variables, arguments, Secrets in files."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Origin, Subject
from policies.rules._shared.kubernetes.gitops import GITOPS, chart_values
from policies.rules._shared.kubernetes.workloads import TYPES, Container, objects, parts, pods
from policies.rules._shared.secrets import secret_in, secrets
from policies.rules._shared.types import CONFIG_MAP

OPAQUE: Final = "kubernetes:core/v1:Secret"
TRIGGERED: Final = ("kubernetes:keda.sh/v1alpha1:ScaledObject", "kubernetes:keda.sh/v1alpha1:ScaledJob")
# What a Secret has beside its secrets.
_NO_SECRET: Final = re.compile(
    r"(?i)(?:user|login|host|ur[il]|endpoint|port|region|database|db|type|project|email|realm|account|namespace|tls|sasl"
    r"|scopes?|ca|cert|crt|cluster|server|issuer|(?:user|host|db|region|cluster)[_-]?name|^name"
    r"|(?:client|tenant|workspace|user|project|app)[_-]?id)$"
)
_PASSWORD: Final = re.compile(r"(?i)(?:password|passwd|passphrase|api_?key|token)$")
_OF_ENVIRONMENT: Final = re.compile(r"[A-Z][A-Z0-9_]*")


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """A Secret is judged in files alone: there base64 is all that hides it, a program's come from elsewhere."""
    for name, manifest in objects(resource):
        if name == CONFIG_MAP:
            yield from _map(manifest)
        elif name == OPAQUE and resource.origin is Origin.FILE:
            yield from _secret(manifest)
        elif name in TRIGGERED:
            yield from _triggers(manifest)
    if resource.type in GITOPS:
        for values in chart_values(resource):
            yield from _chart(values)
    for pod in pods(resource):
        for container in pod.containers:
            yield from _container(container)


def _container(container: Container) -> Iterator[Violation]:
    for variable in container.node.each("env"):
        value = variable.at("value")
        if what := secret_in(variable.text("name") or "", value.text() or ""):
            yield Violation(value, f"the container {container.name} has {what} in its environment")
    for key in ("command", "args"):
        words = container.node.at(key)
        # Written as one line: an option and its value are elements of their own.
        if found := next(secrets(" ".join(words.texts())), None):
            yield Violation(words, f"the container {container.name} is started with {found[1]}")


def _map(manifest: Node) -> Iterator[Violation]:
    for key, value in manifest.entries("data").items():
        if what := secret_in(key, value.text() or ""):
            yield Violation(value, f"a ConfigMap holds {what}")


def _triggers(manifest: Node) -> Iterator[Violation]:
    """`…FromEnv` and, in some scalers, the plain key name a variable of the workload. Source: KEDA, "Scalers"."""
    for trigger in manifest.each("spec", "triggers"):
        for key, value in trigger.entries("metadata").items():
            text = value.text() or ""
            if key.endswith("FromEnv") or _OF_ENVIRONMENT.fullmatch(text):
                continue
            if what := secret_in(key, text):
                yield Violation(value, f"the trigger {trigger.text('type') or ''} has {what}")


def _chart(values: Node) -> Iterator[Violation]:
    """Charts name the Secrets that they read, too (`existingSecret`): what is a password by its name counts alone."""
    for node in parts(values) if values.present else ():
        for key, value in node.entries().items():
            if value.hidden or value.is_map or value.is_list or not _PASSWORD.search(key):
                continue
            if what := secret_in(key, value.text() or ""):
                yield Violation(value, f"a chart's values hold {what}")


def _secret(manifest: Node) -> Iterator[Violation]:
    for key, value in manifest.entries("stringData").items():
        if _held(key, value.text() or ""):
            yield Violation(value, "a Secret's value stands in a file in plain text")
    for key, value in manifest.entries("data").items():
        if _held(key, _decoded(value.text() or "")):
            yield Violation(value, "a Secret's value stands in a file, where base64 hides nothing")


def _held(key: str, value: str) -> bool:
    """Whether it is a secret: whatever stands there, but for what goes with one (a user's name, a number)."""
    named = key if value.isdecimal() or _NO_SECRET.search(key) else "password"
    return bool(secret_in(named, value))


def _decoded(text: str) -> str:
    try:
        # Wrapped lines are read as one (encoding/json's base64 skips line ends).
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


RULE: Final = ResourceRule(
    id="HERD-078",
    name="no-secrets-in-manifests",
    pack="security",
    title="No secrets in ConfigMaps, environment variables, arguments and files",
    severity=everywhere(Severity.HIGH),
    types=tuple(dict.fromkeys((CONFIG_MAP, OPAQUE, *TRIGGERED, *GITOPS, *TYPES))),
    properties=(
        "data",
        "stringData",
        "spec.containers[].env[].value",
        "spec.containers[].args",
        "spec.triggers[].metadata",
        "spec.values",
    ),
    why=(
        "Manifests are read by everybody who may list pods, stay in Git and in every release of a chart, and show up in"
        " crash reports and dashboards."
    ),
    fix=(
        "Rotate the secret now. Then keep it in Secrets Manager and bring it in by the Secrets Store CSI driver or"
        " External Secrets, as a file or by secretKeyRef."
    ),
    mappings={"checkov": ("CKV_K8S_35", "CKV_SECRET_6")},
    check=check,
)
