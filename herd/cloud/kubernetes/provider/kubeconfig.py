"""What a kubeconfig says: which server, whom to trust, and how to get in.

A kubeconfig for EKS names a command that fetches a token (`aws eks get-token`). Nothing is run here: the cluster and
the region in its arguments are what the token would be for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from herd.cloud.accounts import access_key
from herd.cloud.kubernetes.clusters import authority, token

DEFAULT_NAMESPACE = "default"
# client-go's exec plugin: what it still knows, and what it wants to be told.
_EXEC_VERSIONS = {"client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"}


class KubeconfigError(Exception):
    """A kubeconfig that leads nowhere."""


@dataclass(frozen=True)
class Access:
    """How to reach a cluster.

    Attributes:
        server: Its address as the kubeconfig has it.
        host: The name in it.
        trusted: Digest of the certificate authority that the client trusts.
        bearer: The token that it would show.
        namespace: The namespace of objects that name none.
    """

    server: str
    host: str
    trusted: str
    bearer: str
    namespace: str


def parse(value: Any) -> dict[str, Any]:
    """A kubeconfig as data: from a mapping, from its text (YAML or JSON), or from the file a text names.

    Raises:
        KubeconfigError: It is none.
    """
    if isinstance(value, Mapping):
        return dict(value)
    text = str(value)
    try:
        file = Path(text).expanduser()
        if "\n" not in text and file.is_file():
            text = file.read_text(encoding="utf-8")
    except OSError:  # a text that is too long to be the name of a file
        pass
    try:
        data = json.loads(text) if text.lstrip()[:1] == "{" else YAML(typ="safe").load(text)
    except (ValueError, YAMLError) as error:
        raise KubeconfigError(f"couldn't get version/kind; json parse error: {error}") from None
    if not isinstance(data, dict):
        raise KubeconfigError("cannot unmarshal it into a kubeconfig: it is no mapping")
    return data


def active_cluster(config: Mapping[str, Any], settings: Mapping[str, Any]) -> Any:
    """The cluster that a kubeconfig leads to, as it describes it; None if it leads to none."""
    context = _named(config, "contexts", "context", settings.get("context") or config.get("current-context"))
    return _named(config, "clusters", "cluster", settings.get("cluster") or (context or {}).get("cluster"))


def access(config: Mapping[str, Any], settings: Mapping[str, Any], environment: Mapping[str, str]) -> Access:
    """How to reach the cluster a kubeconfig leads to.

    Args:
        config: The kubeconfig.
        settings: The provider's own settings: `context`, `cluster`, `namespace`.
        environment: Where the access key and the region come from, as for the `aws` command.

    Raises:
        KubeconfigError: It leads nowhere, or names no way in.
    """
    name = settings.get("context") or config.get("current-context")
    context = _named(config, "contexts", "context", name)
    if context is None:
        raise KubeconfigError(f"context {name!r} does not exist")
    cluster = active_cluster(config, settings)
    if not cluster or not cluster.get("server"):
        raise KubeconfigError("invalid configuration: no server found for cluster")
    user = _named(config, "users", "user", context.get("user")) or {}
    trusted = cluster.get("certificate-authority-data", "")
    return Access(
        server=cluster["server"],
        host=(urlsplit(cluster["server"]).hostname or "").lower(),
        trusted=authority(trusted) if trusted else "",
        bearer=_bearer(user, environment),
        namespace=settings.get("namespace") or context.get("namespace") or DEFAULT_NAMESPACE,
    )


def _named(config: Mapping[str, Any], section: str, key: str, name: Any) -> Any:
    return next((each.get(key) for each in config.get(section) or () if each.get("name") == name), None)


def _bearer(user: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    command = user.get("exec")
    if not command:
        return str(user.get("token", ""))
    version = command.get("apiVersion")
    if version not in _EXEC_VERSIONS:
        raise KubeconfigError(f"exec plugin: invalid apiVersion {version!r}")
    if version.endswith("/v1") and not command.get("interactiveMode"):
        raise KubeconfigError(
            "invalid configuration: interactiveMode must be specified to use exec authentication plugin"
        )
    arguments = [str(each) for each in command.get("args") or ()]
    if Path(str(command.get("command"))).name != "aws" or arguments_of(arguments)[:2] != ["eks", "get-token"]:
        raise KubeconfigError(
            f"the stand-in knows the command `aws eks get-token` alone, not {command.get('command')!r}"
        )
    variables = {**environment, **{each["name"]: each["value"] for each in command.get("env") or ()}}
    cluster = option(arguments, "--cluster-name")
    region = option(arguments, "--region") or variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION", "")
    if not cluster:
        raise KubeconfigError("`aws eks get-token` needs --cluster-name")
    role = option(arguments, "--role-arn")
    key = access_key(role.split(":")[4]) if role.count(":") >= 5 else variables.get("AWS_ACCESS_KEY_ID", "")  # noqa: PLR2004
    return token(cluster, region, key)


def option(arguments: Sequence[str], name: str) -> str:
    """The value of an option, in either of its two spellings; empty if it isn't given."""
    for at, each in enumerate(arguments):
        if each == name:
            return arguments[at + 1] if at + 1 < len(arguments) else ""
        if each.startswith(f"{name}="):
            return each.partition("=")[2]
    return ""


def arguments_of(arguments: Sequence[str]) -> list[str]:
    """The words of a command line that are no options, nor values of those."""
    words, skip = [], False
    for each in arguments:
        if skip or each.startswith("-"):
            skip = not skip and "=" not in each
            continue
        words.append(each)
    return words
