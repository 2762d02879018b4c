"""Helm releases: `kubernetes:helm.sh/v3:Release`.

Charts are neither pulled nor rendered. A release is kept as Helm keeps it, and of well-known charts the
CustomResourceDefinitions come with it; everything else that a chart would make is only recorded.
"""

from __future__ import annotations

import secrets as randomness
from collections.abc import Mapping, Sequence
from typing import Any

from herd.cloud.kubernetes.kinds import CRD, custom_kinds, known_kind
from herd.cloud.kubernetes.objects import MERGE_PATCH
from herd.cloud.kubernetes.provider.api import Api, ApiError
from herd.cloud.kubernetes.provider.changes import Difference, compare, pruned
from herd.cloud.kubernetes.provider.charts import chart_of, wrong
from herd.cloud.kubernetes.provider.secrets import annotated
from herd.cloud.kubernetes.provider.settings import Settings
from herd.cloud.kubernetes.releases import LABELS, Chart, charts, record, recorded
from herd.cloud.provider.client import Backoff, Patience
from herd.cloud.provider.errors import RefusedError
from herd.cloud.provider.wire import UNKNOWN, Secret, plain

Json = dict[str, Any]

INPUTS = "__inputs"
TIMEOUT = 300
# The provider's Release is a Go struct: what isn't given is there with its zero value.
ZEROS: Mapping[str, Any] = {
    "allowNullValues": False, "atomic": False, "chart": "", "cleanupOnFail": False, "createNamespace": False,
    "dependencyUpdate": False, "description": "", "devel": False, "disableCRDHooks": False,
    "disableOpenapiValidation": False, "disableWebhooks": False, "forceUpdate": False, "keyring": "", "lint": False,
    "name": "", "namespace": "", "postrender": "", "recreatePods": False, "renderSubchartNotes": False,
    "replace": False, "resetValues": False, "reuseValues": False, "skipAwait": False, "skipCrds": False,
    "timeout": 0, "values": {}, "verify": False, "version": "", "waitForJobs": False,
}  # fmt: skip
REPOSITORY = {"caFile": "", "certFile": "", "keyFile": "", "password": "", "repo": "", "username": ""}
OPTIONAL = ("maxHistory", "repositoryOpts", "takeOwnership")
_DROPPED = ("compat", "resourceNames", "manifest")
_FORCING = (("name",), ("namespace",))
_GONE = 404


class Releases:
    """Operations on releases.

    Args:
        settings: The configured provider.
        patience: How long things are waited for.
    """

    def __init__(self, settings: Settings, patience: Patience) -> None:
        self._settings, self._patience = settings, patience

    def check(self, name: str, olds: Json, news: Json) -> tuple[Json, list[tuple[str, str]]]:
        """Inputs as they will be used, and what Helm would refuse of them."""
        failures = [
            (key, f"unknown property {key}")
            for key in sorted({*news} - {*ZEROS, *OPTIONAL, *_DROPPED, "valueYamlFiles"})
        ]
        if news.get("valueYamlFiles"):
            failures.append(("valueYamlFiles", "isn't modelled by the stand-in provider: give the values themselves"))
        inputs = {**ZEROS, **{key: value for key, value in news.items() if key in {*ZEROS, *OPTIONAL}}}
        inputs["name"] = inputs["name"] or plain(olds).get("name") or f"{name}-{randomness.token_hex(4)}"
        inputs["namespace"] = inputs["namespace"] or self._settings.namespace
        if "timeout" not in news and not inputs["skipAwait"]:
            inputs["timeout"] = TIMEOUT
        if isinstance(inputs.get("repositoryOpts"), Mapping):
            inputs["repositoryOpts"] = {**REPOSITORY, **inputs["repositoryOpts"]}
        return inputs, [*failures, *wrong(plain(inputs))]

    def diff(self, olds: Json, news: Json, ignore: Sequence[str]) -> Difference:
        """What changed."""
        state, wanted = plain(olds), plain(news)
        asked = state.get(INPUTS) or {}
        if "version" in ignore:
            wanted["version"] = state.get("version")
        return compare(pruned(state, asked), wanted, _FORCING, ignore)

    def create(self, inputs: Json, *, preview: bool) -> tuple[str, Json]:
        """Install a chart."""
        if preview:
            return "", {**inputs, "resourceNames": UNKNOWN, "status": UNKNOWN, INPUTS: Secret(inputs)}
        release, api = plain(inputs), self._api
        if self._latest(api, release["namespace"], release["name"]):
            raise RefusedError("create", "", "cannot re-use a name that is still in use")
        if release["createNamespace"]:
            _ensure_namespace(api, release["namespace"])
        made = self._install(api, release, 1)
        return f"{release['namespace']}/{release['name']}", _outputs(inputs, made)

    def update(self, olds: Json, news: Json, *, preview: bool) -> Json:
        """Upgrade a release."""
        if preview:
            return {**news, "resourceNames": UNKNOWN, "status": UNKNOWN, INPUTS: Secret(news)}
        release, api = plain(news), self._api
        before = self._latest(api, plain(olds)["namespace"], release["name"])
        if not before:
            raise RefusedError("update", "", f'"{release["name"]}" has no deployed releases')
        made = self._install(api, release, before["revision"] + 1)
        _prune(api, made, release.get("maxHistory") or 0)
        self._forget_crds(api, before, keep=_owned(made["chart"]).crds)
        return _outputs(news, made)

    def read(self, id_: str, state: Json, inputs: Json) -> tuple[str, Json, Json]:
        """What the cluster holds; an empty id if it is gone."""
        namespace, _, name = id_.rpartition("/")
        found = self._latest(self._api, namespace, name)
        if not found:
            return "", {}, {}
        if not inputs:  # a look-up
            given = {"name": name, "namespace": namespace, "chart": found["chart"], "timeout": TIMEOUT}
            inputs = {**ZEROS, **given, "version": found["version"], "values": found["values"]}
        known = {**inputs, **{key: value for key, value in state.items() if key in inputs}}
        known["values"], known["version"] = annotated(found["values"], inputs.get("values")), found["version"]
        return id_, {**_outputs(known, found), INPUTS: Secret(inputs)}, inputs

    def delete(self, id_: str) -> None:
        """Uninstall a release, with the definitions that it owns and all objects of their kinds."""
        namespace, _, name = id_.rpartition("/")
        api = self._api
        found = self._latest(api, namespace, name)
        if not found:
            raise RefusedError("delete", "", f"uninstall: Release not loaded: {name}: release: not found")
        self._forget_crds(api, found, keep=())
        for secret in _records(api, namespace, name):
            api.ask("DELETE", f"{_secrets(namespace)}/{secret['metadata']['name']}")

    @property
    def _api(self) -> Api:
        if self._settings.api is None:
            text = f"can't reach the cluster of a Helm Release: {self._settings.unreachable}"
            raise RefusedError("", "", text)
        return self._settings.api

    @staticmethod
    def _latest(api: Api, namespace: str, name: str) -> Json | None:
        found = [recorded(each) for each in _records(api, namespace, name)]
        return max(found, key=lambda release: int(release["revision"]), default=None)

    def _install(self, api: Api, release: Json, revision: int) -> Json:
        chart, version = chart_of(release)
        brings = charts().get(chart, Chart())
        owner = {"meta.helm.sh/release-name": release["name"], "meta.helm.sh/release-namespace": release["namespace"]}
        if brings.owned or not release["skipCrds"]:
            for name in brings.crds:
                _ensure_definition(api, name, owner if brings.owned else None)
        made = {
            "name": release["name"],
            "namespace": release["namespace"],
            "revision": revision,
            "chart": chart,
            "version": version,
            "values": release["values"],
            # Helm lists what the templates make; the crds/ folder of a chart isn't part of the release.
            "resources": {f"{CRD}.apiextensions.k8s.io/{CRD}": list(brings.crds)} if brings.owned else {},
        }
        api.ask("POST", _secrets(release["namespace"]), record(made))
        return made

    def _forget_crds(self, api: Api, release: Json, keep: Sequence[str]) -> None:
        for name in _owned(release["chart"]).crds:
            if name not in keep:
                self._delete_definition(api, name)

    def _delete_definition(self, api: Api, name: str) -> None:
        backoff = Backoff(self._patience, self._patience.dependency)
        try:
            left = api.ask("DELETE", _definition(name))
            while left.get("kind") != "Status" and backoff.wait():
                left = api.ask("GET", _definition(name))
        except ApiError as error:
            if error.status == _GONE:
                return
            raise
        if left.get("kind") != "Status":
            why = "finalizers of its objects wait for a controller that isn't there"
            text = f"{name} is being deleted but not gone: {why}"
            raise RefusedError("delete", "Timeout", text)


def _owned(chart: str) -> Chart:
    """What a chart's releases own."""
    found = charts().get(chart, Chart())
    return found if found.owned else Chart()


def _outputs(inputs: Json, release: Json) -> Json:
    status = {
        "name": release["name"],
        "namespace": release["namespace"],
        "revision": release["revision"],
        "chart": release["chart"],
        "version": release["version"],
        "status": "deployed",
    }
    return {
        **inputs,
        "version": release["version"],
        "resourceNames": release["resources"],
        "status": status,
        INPUTS: Secret(inputs),
    }


def _secrets(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/secrets"


def _records(api: Api, namespace: str, name: str) -> list[Json]:
    selector = ",".join(f"{key}={value}" for key, value in {**LABELS, "name": name}.items())
    found: list[Json] = api.ask("GET", _secrets(namespace), query={"labelSelector": selector})["items"]
    return found


def _prune(api: Api, release: Json, kept: int) -> None:
    """Mark older revisions as such, and take away those beyond the number to keep; 0 keeps all."""
    for secret in _records(api, release["namespace"], release["name"]):
        age = release["revision"] - int(recorded(secret)["revision"])
        path = f"{_secrets(release['namespace'])}/{secret['metadata']['name']}"
        if kept and age >= kept:
            api.ask("DELETE", path)
        elif age:
            api.ask("PATCH", path, {"metadata": {"labels": {"status": "superseded"}}}, content=MERGE_PATCH)


def _definition(name: str = "") -> str:
    kind = known_kind("apiextensions.k8s.io/v1", CRD)
    assert kind is not None  # noqa: S101 - it is in the table
    return kind.path(name=name)


def _ensure_namespace(api: Api, name: str) -> None:
    try:
        api.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": {"name": name}}})
    except ApiError as error:
        if error.code != "AlreadyExists":
            raise


def _ensure_definition(api: Api, name: str, owner: Mapping[str, str] | None) -> None:
    """Install a definition; a release that owns it must be the only one, as Helm demands."""
    kind = next(each for each in custom_kinds() if each.resource == name)
    body = kind.definition()
    if owner:
        body["metadata"] |= {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": dict(owner)}
    try:
        api.ask("POST", _definition(), body)
    except ApiError as error:
        if error.code != "AlreadyExists":
            raise
        if owner is None:
            return
        there = api.ask("GET", _definition(name))["metadata"].get("annotations") or {}
        if any(there.get(key) != value for key, value in owner.items()):
            text = (
                f'Unable to continue with install: {CRD} "{name}" in namespace "" exists and cannot be imported '
                "into the current release: invalid ownership metadata"
            )
            raise RefusedError("create", "", text) from None
