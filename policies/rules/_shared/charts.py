"""Helm charts, whatever installs them: releases, charts that Pulumi renders, of any source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Stack, Subject

RELEASE: Final = "kubernetes:helm.sh/v3:Release"
TYPES: Final = (
    RELEASE,
    "kubernetes:helm.sh/v3:Chart",
    "kubernetes:helm.sh/v4:Chart",
)


@dataclass(frozen=True)
class Chart:
    """An installed chart.

    Attributes:
        name: Its name, without repository, registry and folder.
        subject: What installs it.
    """

    name: str
    subject: Subject

    @property
    def version(self) -> Node:
        """The place of its version."""
        return self.subject.props.at("version")

    @property
    def values(self) -> Node:
        """The place of its values."""
        return self.subject.props.at("values")

    @property
    def has_value_files(self) -> bool:
        """Whether more values are in files, which aren't seen."""
        return any(True for _ in self.subject.props.each("valueYamlFiles"))


def chart_of(subject: Subject) -> Chart | None:
    """The chart that a resource installs, None if it says none (a local archive may come as an asset)."""
    name = subject.props.text("chart") or subject.props.text("path")
    if not name:
        return None
    return Chart(name.rstrip("/").rpartition("/")[2].removesuffix(".tgz").partition(":")[0], subject)


def charts(stack: Stack) -> Iterator[Chart]:
    """Every chart of a stack."""
    for subject in stack.of_type(*TYPES):
        if (found := chart_of(subject)) is not None:
            yield found
