"""Kubernetes objects as the law sees them: one subject each, lists taken apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from components.base.problems import Problem
from herd.check.yaml_documents import Document, Lines
from policies.engine.node import Path, show_path
from policies.engine.subject import Origin, Place, Subject


def is_object(data: Mapping[str, Any]) -> bool:
    """Whether a document says that it is a Kubernetes object."""
    return "apiVersion" in data and "kind" in data


def subjects(document: Document, shown: str) -> Iterator[Subject | Problem]:
    """The objects of a document, which may be a list of them; a problem for each that is none."""
    yield from _objects(document.data, document.lines, (), shown, {})


def _objects(data: Any, lines: Lines, at: Path, shown: str, implied: Mapping[str, str]) -> Iterator[Subject | Problem]:
    line = lines.of(at)
    if not isinstance(data, Mapping):
        yield Problem(shown, line, show_path(at), "isn't a Kubernetes object: not a map", "")
        return
    data = {**implied, **data}
    version, kind = data.get("apiVersion"), data.get("kind")
    wrong = [name for name, value in (("apiVersion", version), ("kind", kind)) if not _is_name(value)]
    if wrong:
        message = f"isn't a Kubernetes object: its {' and '.join(wrong)} should be text"
        yield Problem(shown, line, show_path(at), message, "")
    elif isinstance(data.get("items"), list) and str(kind).endswith("List"):
        # `PodList` implies what its items are, `List` doesn't.
        one = str(kind).removesuffix("List")
        implied = {"apiVersion": str(version), "kind": one} if one else {}
        for index, item in enumerate(data["items"]):
            yield from _objects(item, lines, (*at, "items", index), shown, implied)
    elif str(kind).endswith("List") and data.get("items") is not None:
        yield Problem(
            shown, lines.of((*at, "items")), show_path((*at, "items")), "isn't a list, which it should be", ""
        )
    elif not isinstance(data.get("metadata", {}), Mapping):
        yield Problem(shown, lines.of((*at, "metadata")), show_path((*at, "metadata")), "isn't a map", "")
    else:
        yield _subject(data, lines, at, shown)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _subject(data: Mapping[str, Any], lines: Lines, at: Path, shown: str) -> Subject:
    version, kind = data["apiVersion"], data["kind"]
    metadata = data.get("metadata") or {}
    name = str(metadata.get("name") or metadata.get("generateName") or "unnamed")
    namespace = metadata.get("namespace")
    group = version if "/" in version else f"core/{version}"
    return Subject(
        urn="/".join(str(part) for part in (kind, namespace, name) if part),
        type=f"kubernetes:{group}:{kind}",
        name=name,
        values=data,
        origin=Origin.FILE,
        place=Place(shown, lines.of(at)),
        line_of=partial(_line, lines, at),
    )


def _line(lines: Lines, at: Path, path: Path) -> int:
    return lines.of((*at, *path))
