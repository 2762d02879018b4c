"""HERD-016: a managed node group's image is pinned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, Reference, UnevaluatedError
from policies.rules._shared.machines.templates import NODE_GROUP, Use

_RELEASE: Final = re.compile(r"\d+\.\d+(?:\.\d+)?-[\w.]+")
"""Such as `1.33.0-20250704` (Amazon Linux), `1.40.0-6ea6a1f4` (Bottlerocket), `1.33-2025.07.16` (Windows)."""


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """The template names an image, or the group a release; else EKS takes the newest at each create."""
    release = resource.props.at("releaseVersion")
    value = release.text()
    if value is not None:
        yield from _judged(release, value)
        return
    named = resource.props.at("launchTemplate")
    if named.present:
        template = Use(resource, named).template(stack)
        if template is not None:
            if not template.props.has("imageId"):
                yield Violation(release, f"names no release, and its launch template {template.name} no image")
            return
        kind = resource.props.text("amiType")
        if kind == "CUSTOM":
            return
        if kind is None:
            message = "the launch template isn't in this stack: nobody can say whether it names an image"
            raise UnevaluatedError(Reason.ABSENT, message, named.path)
    yield Violation(release, "names no release: EKS takes its newest image whenever the group is made or updated")


def _judged(release: Node, value: str) -> Iterator[Violation]:
    if isinstance(value, Reference):
        source = "looked up" if value.looked_up else "taken from another resource"
        yield Violation(release, f"the release is {source} ({value}), and may be another one tomorrow")
    elif not _RELEASE.fullmatch(value):
        yield Violation(release, f"{value!r} is no release")


RULE: Final = GraphRule(
    id="HERD-016",
    name="node-group-release-pinned",
    pack="immutable",
    title="A managed node group's image is pinned",
    severity=everywhere(Severity.HIGH),
    types=(NODE_GROUP,),
    properties=("releaseVersion", "launchTemplate"),
    why=(
        "Without a release EKS picks the newest image when a group is made, so dev, test and prod made on three days"
        " run three images, and a replacement in the night is a fourth."
    ),
    fix="Name the image in the launch template (`image_id` from the release lock), or pin `release_version`.",
    check=check,
)
