"""Helm charts, whatever installs them: releases, charts that Pulumi renders, of any source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Stack, Subject
from policies.rules._shared.kubernetes.gitops import APPLICATION, FLUX_RELEASES, sources

RELEASE: Final = "kubernetes:helm.sh/v3:Release"
TYPES: Final = (
    RELEASE,
    "kubernetes:helm.sh/v3:Chart",
    "kubernetes:helm.sh/v4:Chart",
    *FLUX_RELEASES,
    APPLICATION,
)


@dataclass(frozen=True)
class Chart:
    """An installed chart.

    Attributes:
        name: Its name, without repository, registry and folder.
        subject: What installs it.
        version: The place of its version.
        values: The place of its values.
        has_value_files: Whether more values are in files or texts, which aren't seen.
    """

    name: str
    subject: Subject
    version: Node
    values: Node
    has_value_files: bool


def chart_of(subject: Subject) -> Chart | None:
    """The chart that a resource installs, None if it says none (a local archive may come as an asset)."""
    props = subject.props
    if subject.type in FLUX_RELEASES:
        spec = props.at("spec", "chart", "spec")
        return _chart(
            subject,
            spec.text("chart"),
            spec.at("version"),
            props.at("spec", "values"),
            [props.at("spec", "valuesFrom")],
        )
    if subject.type == APPLICATION:
        source = next((one for one in sources(subject) if one.has("chart")), None)
        if source is None:
            return None
        helm = source.at("helm")
        unseen = [helm.at(key) for key in ("valueFiles", "values", "parameters")]
        return _chart(subject, source.text("chart"), source.at("targetRevision"), helm.at("valuesObject"), unseen)
    name = props.text("chart") or props.text("path")
    return _chart(subject, name, props.at("version"), props.at("values"), [props.at("valueYamlFiles")])


def _chart(subject: Subject, name: str | None, version: Node, values: Node, unseen: list[Node]) -> Chart | None:
    if not name:
        return None
    short = name.rstrip("/").rpartition("/")[2].removesuffix(".tgz").partition(":")[0]
    return Chart(short, subject, version, values, any(map(_says, unseen)))


def _says(node: Node) -> bool:
    return any(True for _ in node.each()) if node.is_list else node.present


def charts(stack: Stack) -> Iterator[Chart]:
    """Every chart of a stack."""
    for subject in stack.of_type(*TYPES):
        if (found := chart_of(subject)) is not None:
            yield found
