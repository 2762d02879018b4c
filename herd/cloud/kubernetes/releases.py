"""Helm's own records: what a chart is known to bring, and which releases a cluster holds.

Helm keeps a release as a Secret per revision, in the namespace of the release; so do we. Nothing pulls or renders a
chart: of what one makes only the CustomResourceDefinitions of well-known charts are modelled (`charts.yaml`).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ruamel.yaml import YAML

from herd.cloud.kubernetes.kinds import HERE

SECRET_TYPE = "helm.sh/release.v1"  # noqa: S105 - the type of Helm's records
LABELS = {"owner": "helm"}


@dataclass(frozen=True)
class Chart:
    """What a well-known chart brings.

    Attributes:
        crds: CustomResourceDefinitions, by plural and group.
        owned: Whether the release owns them: then they go with it, and with them every object of their kinds.
    """

    crds: tuple[str, ...] = ()
    owned: bool = False


@cache
def charts() -> Mapping[str, Chart]:
    """The well-known charts by name."""
    table = YAML(typ="safe").load((HERE / "charts.yaml").read_text(encoding="utf-8"))
    return {name: Chart(tuple(row["crds"]), row["owned"]) for name, row in table.items()}


def record(release: Mapping[str, Any]) -> dict[str, Any]:
    """The Secret that holds a revision of a release.

    Args:
        release: name, namespace, revision, chart, version, appVersion, values, resources.
    """
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": SECRET_TYPE,
        "metadata": {
            "name": record_name(release["name"], release["revision"]),
            "namespace": release["namespace"],
            "labels": {**LABELS, "name": release["name"], "status": "deployed", "version": str(release["revision"])},
        },
        "data": {"release": base64.b64encode(json.dumps(release, sort_keys=True).encode()).decode()},
    }


def record_name(name: str, revision: int) -> str:
    """The name of a revision's Secret."""
    return f"sh.helm.release.v1.{name}.v{revision}"


def recorded(secret: Mapping[str, Any]) -> dict[str, Any]:
    """The release that a Secret holds."""
    release: dict[str, Any] = json.loads(base64.b64decode(secret["data"]["release"]))
    return release


def charts_installed(secrets: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The names of the charts whose releases are among some Secrets."""
    for secret in secrets:
        if secret.get("type") == SECRET_TYPE:
            yield recorded(secret)["chart"]
