"""What a bundle of manifests registers where the provider would do it: a ConfigFile or ConfigGroup (v2), a Chart (v3).

Sources: pulumi-kubernetes, `provider/pkg/provider/yaml/v2` (types and names of what is registered), and its SDK's
`helm/v3/helm.py` (what a Chart asks for).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from components.base.problems import InvalidInputError
from herd.graph.bundles import is_unread_file, is_unread_text
from herd.graph.model import Resource
from herd.graph.symbols import SECRET, UNKNOWN
from herd.render import manifests

TEMPLATE: Final = "kubernetes:helm:template"
CHART: Final = "kubernetes:helm.sh/v3:Chart"
CONFIGS: Final = frozenset(("kubernetes:yaml/v2:ConfigFile", "kubernetes:yaml/v2:ConfigGroup"))
_SECRET: Final = "kubernetes:core/v1:Secret"  # noqa: S105 - a type
_CREDENTIALS: Final = re.compile(r"//[^/@]*@")


def children(name: str, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Type, name and inputs of each resource that one of `CONFIGS` makes.

    What stands behind a URL or is made of what only the cloud knows is left out: nobody can read it here.

    Raises:
        InvalidInputError: A file isn't there, or isn't YAML of Kubernetes objects.
    """
    prefix = inputs.get("resourcePrefix") or name
    for one in _objects(inputs):
        version, metadata = one["apiVersion"], one.get("metadata") or {}
        group = version if "/" in version else f"core/{version}"
        parts = (metadata.get("namespace"), metadata.get("name") or metadata.get("generateName"))
        kind = f"kubernetes:{group}:{one['kind']}"
        # As the provider does: what a Secret holds is one.
        hidden: dict[str, Any] = {key: SECRET for key in ("data", "stringData") if kind == _SECRET and key in one}
        yield kind, f"{prefix}:{'/'.join(str(part) for part in parts if part)}", {**one, **hidden}


def chart(arguments: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Name -> inputs of the Chart that asks for its templates; nothing if they are hidden.

    They go by the names of the other Helm resources (`version`, `repositoryOpts`). Its values are never shown: the SDK
    asks with the secrets among them in clear.
    """
    text = arguments.get("jsonOpts")
    if not isinstance(text, str) or UNKNOWN in text or SECRET in text:
        return {}
    asked = json.loads(text)
    fetch = asked.get("fetch_opts") or {}
    repository = fetch.get("repo") or asked.get("repo")
    inputs = {
        **{key: asked.get(key) for key in ("chart", "path")},
        "values": SECRET if asked.get("values") else None,
        "version": asked.get("version") or fetch.get("version"),
        "repositoryOpts": {"repo": _CREDENTIALS.sub("//", repository)} if repository else None,
    }
    return {asked["release_name"]: {key: value for key, value in inputs.items() if value is not None}}


def with_charts(
    resources: Iterable[Resource], asked: Mapping[str, Mapping[str, Any]], hidden: str
) -> Iterator[Resource]:
    """The resources, Charts with what they ask for: the SDK registers them without any inputs.

    What one fetches that nobody saw asking is hidden, for no rule may take it for nothing.
    """
    for one in resources:
        if one.type == CHART and not one.inputs:
            inputs = asked.get(one.name, dict.fromkeys(("chart", "version", "values"), hidden))
            yield replace(one, inputs=inputs)
        else:
            yield one


def _objects(inputs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for pattern in _texts(inputs, "file", "files"):
        if not is_unread_file(pattern):
            for path in _files(Path(pattern)):
                yield from _read(path.read_text(encoding="utf-8"), str(path))
    for text in _texts(inputs, "yaml"):
        yield from _read(text, "yaml")
    for data in _listed(inputs.get("objs")):
        if not isinstance(data, str):
            yield from _flat(data, "objs")


def _files(pattern: Path) -> list[Path]:
    folder = Path(pattern.anchor)
    found = sorted(folder.glob(str(pattern.relative_to(folder))))
    if not found:
        raise InvalidInputError.one("there is no such file", file=str(pattern))
    return found


def _texts(inputs: Mapping[str, Any], *keys: str) -> Iterator[str]:
    return (value for key in keys for value in _listed(inputs.get(key)) if isinstance(value, str))


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given] if given else []


def _read(text: str, shown: str) -> Iterator[dict[str, Any]]:
    if is_unread_text(text):
        return
    for data in manifests.decoded({"text": text}).get("result", ()):
        yield from _flat(data, shown)


def _flat(data: Any, shown: str) -> Iterator[dict[str, Any]]:
    if not isinstance(data, dict) or not all(isinstance(data.get(key), str) for key in ("apiVersion", "kind")):
        raise InvalidInputError.one("isn't a Kubernetes object: it needs an apiVersion and a kind", file=shown)
    if data["kind"].endswith("List") and isinstance(data.get("items"), list):
        for item in data["items"]:
            yield from _flat(item, shown)
    else:
        yield data
