"""The form of a release: its name, its chart and version, as Helm takes them.

Nothing is pulled: a chart is known by its reference, and one in a folder by its own file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from herd.cloud.provider.wire import Unknown, holds

Json = dict[str, Any]

_EXACT = re.compile(r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\Z")
# Helm 3.18 and newer also take the digest, and then check the version against it.
_OCI = re.compile(r"oci://[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+(@sha256:[0-9a-f]{64})?\Z")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z")
_LONGEST_NAME = 53


def wrong(release: Json) -> list[tuple[str, str]]:
    """What Helm would refuse; what nobody knows yet is left alone."""
    found: list[tuple[str, str]] = []
    name, chart, version = release["name"], release["chart"], release["version"]
    if isinstance(name, str) and not (_NAME.match(name) and len(name) <= _LONGEST_NAME):
        found.append(("name", f"invalid release name {name!r}: at most {_LONGEST_NAME} of a-z, 0-9, '-' and '.'"))
    if not isinstance(release["values"], Mapping | Unknown):
        found.append(("values", "must be an object"))
    if holds([chart, version, release.get("repositoryOpts")], Unknown) or _local(chart):
        return found
    return [*found, *_wrong_chart(chart, version, (release.get("repositoryOpts") or {}).get("repo", ""))]


def _wrong_chart(chart: str, version: str, repository: str) -> Iterator[tuple[str, str]]:
    if chart.startswith("oci://"):
        if not _OCI.match(chart):
            yield (
                "chart",
                f"{chart!r} is no reference oci://HOST/PATH/CHART[@DIGEST]; the version is a property of its own",
            )
        if repository:
            yield "repositoryOpts.repo", "an oci:// chart needs no repository"
    elif not repository:
        yield "chart", f"chart {chart!r} not found: give repositoryOpts.repo, an oci:// reference or a folder"
    elif not repository.startswith(("https://", "http://")):
        yield "repositoryOpts.repo", f"{repository!r} is no address of a chart repository (https://…)"
    if not _EXACT.match(version):
        what = f"{version!r} is no exact version" if version else "no version is given"
        yield "version", f"{what}: nothing is pulled here, so nobody can say which one it would be"


def _local(chart: str) -> Path | None:
    folder = Path(chart)
    return folder / "Chart.yaml" if chart and (folder / "Chart.yaml").is_file() else None


def chart_of(release: Json) -> tuple[str, str]:
    """Name and version of a release's chart."""
    local = _local(release["chart"])
    if local:
        data = YAML(typ="safe").load(local.read_text(encoding="utf-8"))
        return data["name"], data["version"]
    return release["chart"].rsplit("/", 1)[-1].partition("@")[0], release["version"]
