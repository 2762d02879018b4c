"""HERD-040: images are named by digest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.base.context import Environment
from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation
from policies.engine.subject import Subject
from policies.rules._shared.images import TYPES, images, read


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """A tag names whatever was pushed under it last; a digest names one content."""
    for node in images(resource):
        image = read(node)
        if not image.pinned:
            what = f"the tag {image.tag}".replace("\0", "…") if image.tag else "nothing but its repository"
            yield Violation(node, f"{image.text} is named by {what}, not by digest: the content can change under it")


RULE: Final = ResourceRule(
    id="HERD-040",
    name="images-by-digest",
    pack="supply_chain",
    title="Container images are named by digest",
    severity={
        Environment.DEV: Severity.MEDIUM,
        Environment.TEST: Severity.MEDIUM,
        Environment.PROD: Severity.HIGH,
    },
    types=TYPES,
    properties=(
        "spec.containers[].image",
        "spec.template.spec.containers[].image",
        "containerDefinitions[].image",
        "imageUri",
        "environment.image",
    ),
    why=(
        "What was tested is what runs only if both are named by content. A tag can be moved, by its owner or by a"
        " thief, and nodes that start later then run something else than their neighbours."
    ),
    fix="Append the digest: `IMAGE:TAG@sha256:…` (`crane digest IMAGE:TAG` prints it); the tag may stay, for people.",
    mappings={"checkov": ("CKV_K8S_43",), "kyverno": ("require-image-checksum",)},
    check=check,
)
