"""The provider's own configuration: checking it, comparing it, and reaching the cluster it leads to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from herd.cloud.kubernetes.provider.api import Api
from herd.cloud.kubernetes.provider.kubeconfig import (
    DEFAULT_NAMESPACE,
    KubeconfigError,
    access,
    active_cluster,
    parse,
)
from herd.cloud.provider.client import Patience
from herd.cloud.provider.errors import CloudError
from herd.cloud.provider.wire import UNKNOWN, plain

_IDENTIFIER = "clusterIdentifier"
# What leads to a cluster: if nobody knows it yet, nobody knows whether the cluster is another one.
_LEADING = ("kubeconfig", "context", "cluster")


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What differs between two configurations, and what of it makes every object of the provider be replaced.

    With a `clusterIdentifier`, that alone says whether the cluster is another one; else the cluster's entry in the
    kubeconfig does, so that new credentials replace nothing.
    """
    old, new = plain(dict(old)), plain(dict(new))
    differ = sorted(key for key in {*old, *new} - {"version"} if old.get(key) != new.get(key))
    if not differ:
        return [], []
    same_cluster = new.get(_IDENTIFIER) is not None and old.get(_IDENTIFIER) == new.get(_IDENTIFIER)
    replaces = [_IDENTIFIER] if {_IDENTIFIER} <= {*differ} & {*old} & {*new} else []
    unknown = next((key for key in _LEADING if new.get(key) is UNKNOWN), None)
    if unknown:
        return [unknown], [] if same_cluster else [*replaces, unknown]
    clusters = [active_cluster(_kubeconfig(each), each) for each in (old, new)]
    if all(clusters) and clusters[0] != clusters[1]:
        replaces += [key for key in _LEADING if key in differ]
    return differ, [] if same_cluster else replaces


def _kubeconfig(config: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return parse(config["kubeconfig"]) if config.get("kubeconfig") else {}
    except KubeconfigError:
        return {}


@dataclass
class Settings:
    """A configured provider.

    Attributes:
        api: The cluster's API; None if it can't be reached.
        unreachable: Why it can't be.
        namespace: The namespace of objects that name none.
        delete_unreachable: Whether objects of a cluster that can't be reached count as gone.
        skip_unreachable: Whether they are left as the state has them.
        mutable: Kinds whose data change in place: `ConfigMap`, `Secret`.
        upsert: Whether creating takes over an object that is there already.
    """

    api: Api | None = None
    unreachable: str = "the provider was used before it was configured"
    namespace: str = DEFAULT_NAMESPACE
    delete_unreachable: bool = False
    skip_unreachable: bool = False
    mutable: frozenset[str] = field(default_factory=frozenset)
    upsert: bool = False

    @classmethod
    def of(cls, config: Mapping[str, Any], environment: Mapping[str, str], patience: Patience) -> Settings:
        """Settings as a provider's configuration gives them, with the cluster asked whether it is there.

        Raises:
            CloudError: There is no stand-in cloud.
        """
        values = {key: _value(value) for key, value in plain(dict(config)).items()}

        def switch(name: str, variable: str) -> bool:
            given = values.get(name)
            return _true(given) if given is not None else _true(environment.get(f"PULUMI_K8S_{variable}"))

        settings = cls(
            unreachable="",
            namespace=values.get("namespace") or DEFAULT_NAMESPACE,
            delete_unreachable=switch("deleteUnreachable", "DELETE_UNREACHABLE"),
            skip_unreachable=switch("skipUpdateUnreachable", "SKIP_UPDATE_UNREACHABLE"),
            mutable=frozenset(
                kind
                for kind, name, variable in (
                    ("ConfigMap", "enableConfigMapMutable", "ENABLE_CONFIGMAP_MUTABLE"),
                    ("Secret", "enableSecretMutable", "ENABLE_SECRET_MUTABLE"),
                )
                if switch(name, variable)
            ),
            upsert=switch("upsertExistingObjects", "UPSERT_EXISTING_OBJECTS"),
        )
        settings._connect(values, environment, patience)
        return settings

    def _connect(self, values: Mapping[str, Any], environment: Mapping[str, str], patience: Patience) -> None:
        if not values.get("kubeconfig"):
            self.unreachable = "no kubeconfig was given, and the stand-in uses none of this machine's"
            return
        try:
            config = parse(values["kubeconfig"])
        except KubeconfigError as error:
            self.unreachable = f"failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- {error}"
            return
        try:
            found = access(config, values, environment)
        except KubeconfigError as error:
            self.unreachable = f"unable to load Kubernetes client configuration from kubeconfig file: {error}"
            return
        api = Api(environment.get("AWS_ENDPOINT_URL", ""), found, patience)
        self.namespace = found.namespace
        try:
            api.ask("GET", "/version")
        except CloudError as error:
            self.unreachable = f"unable to load schema information from the API server: {_said(error)}"
            return
        self.api = api


def _said(error: CloudError) -> str:
    return error.message


def _true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _value(value: Any) -> Any:
    """A configured value; the SDK sends everything but strings as JSON text."""
    if isinstance(value, str) and value in {"true", "false"}:
        return json.loads(value)
    return value
