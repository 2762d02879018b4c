"""The kinds of object a cluster knows: those built in, and those that CustomResourceDefinitions add."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from herd.cloud.kubernetes.schema import ANYTHING, Schema

HERE = Path(__file__).parent
CRD = "CustomResourceDefinition"


@dataclass(frozen=True)
class Finalizer:
    """What keeps objects of a kind until its controller lets go of them.

    Attributes:
        name: The finalizer.
        chart: The chart whose release is the controller: without one nobody takes the finalizer away.
    """

    name: str
    chart: str


@dataclass(frozen=True)
class Kind:
    """A kind of object.

    Attributes:
        group: API group; empty for the core.
        version: Its version.
        kind: Its name, such as ``NodePool``.
        plural: Its name in paths, such as ``nodepools``.
        namespaced: Whether its objects live in a namespace.
        schema: What its objects look like; `ANYTHING` where we hold none.
        finalizer: What its controller puts on each object, if it does.
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    schema: Schema = field(default_factory=lambda: ANYTHING, compare=False, repr=False)
    finalizer: Finalizer | None = None

    @property
    def api_version(self) -> str:
        """``group/version``, or the version alone for the core."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """Plural and group, as messages name it: ``nodepools.karpenter.sh``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def title(self) -> str:
        """Kind and group, as messages name it: ``NodePool.karpenter.sh``."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def validated(self) -> bool:
        """Whether we hold a schema for its content."""
        return self.schema is not ANYTHING

    def path(self, namespace: str = "", name: str = "") -> str:
        """Where its objects are: ``/apis/apps/v1/namespaces/NS/deployments/NAME``."""
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"
        inside = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{inside}/{self.plural}{f'/{name}' if name else ''}"

    def definition(self) -> dict[str, Any]:
        """The CustomResourceDefinition that adds it."""
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": CRD,
            "metadata": {"name": self.resource},
            "spec": {
                "group": self.group,
                "names": {"kind": self.kind, "plural": self.plural, "singular": self.kind.lower()},
                "scope": "Namespaced" if self.namespaced else "Cluster",
                "versions": [
                    {
                        "name": self.version,
                        "served": True,
                        "storage": True,
                        "schema": {"openAPIV3Schema": {"type": "object", **ANYTHING}},
                    }
                ],
            },
        }


def defined(definition: Mapping[str, Any]) -> list[Kind]:
    """The kinds that a CustomResourceDefinition adds, one for each version it serves.

    A definition of ours is known by its name: the schemas of well-known ones are held here, rules and all. Of others
    the shape is checked by their own schema; their CEL rules are not interpreted.
    """
    spec = definition["spec"]
    known = {(each.resource, each.version): each for each in custom_kinds()}
    found = []
    for version in spec["versions"]:
        if not version.get("served"):
            continue
        ours = known.get((f"{spec['names']['plural']}.{spec['group']}", version["name"]))
        found.append(
            ours
            or Kind(
                spec["group"],
                version["name"],
                spec["names"]["kind"],
                spec["names"]["plural"],
                spec["scope"] == "Namespaced",
                version.get("schema", {}).get("openAPIV3Schema") or ANYTHING,
            )
        )
    return found


@cache
def custom_kinds() -> tuple[Kind, ...]:
    """The kinds of well-known CustomResourceDefinitions."""
    yaml = YAML(typ="safe")
    files = sorted((HERE / "crds").glob("*.yaml"))
    rows = [row for file in files for row in _rows(yaml.load(file.read_text(encoding="utf-8")))]
    return tuple(_custom(row) for row in rows)


def _rows(data: Any) -> list[dict[str, Any]]:
    return data if isinstance(data, list) else [data]


def _custom(row: Mapping[str, Any]) -> Kind:
    finalizer = Finalizer(**row["finalizer"]) if "finalizer" in row else None
    place = {name: row[name] for name in ("group", "version", "kind", "plural", "namespaced")}
    return Kind(**place, schema=row.get("schema", ANYTHING), finalizer=finalizer)


@cache
def built_in_kinds() -> tuple[Kind, ...]:
    """The kinds that every cluster knows."""
    table = YAML(typ="safe").load((HERE / "built_in.yaml").read_text(encoding="utf-8"))
    schemas = definitions()
    found = []
    for api_version, kinds in table.items():
        group, _, version = api_version.rpartition("/")
        for kind, (plural, scope) in kinds.items():
            schema = ANYTHING if kind == CRD else schemas[f"{api_version}.{kind}"]
            found.append(Kind(group, version, kind, plural, scope == "Namespaced", schema))
    return tuple(found)


@cache
def definitions() -> Mapping[str, Schema]:
    """The shapes of what is built in, by name; they name each other with `$ref`."""
    shapes: dict[str, Schema] = json.loads((HERE / "built_in.json").read_text(encoding="utf-8"))
    return shapes


def known_kind(api_version: str, kind: str) -> Kind | None:
    """A kind that is built in or well known, wherever it is installed."""
    for each in (*built_in_kinds(), *custom_kinds()):
        if (each.api_version, each.kind) == (api_version, kind):
            return each
    return None
