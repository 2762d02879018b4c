"""HERD-041: no image is named by a tag that moves, or by none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared.images import TYPES, images, moves, read
from policies.rules._shared.kubernetes.gitops import GITOPS, chart_values
from policies.rules._shared.kubernetes.workloads import parts

HELM: Final = ("kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart")
_SYMBOL: Final = re.compile(r"\0|\$\{")


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """`latest`, a branch's name and no tag at all mean: whatever was pushed last."""
    if resource.type in HELM:
        yield from _values(resource.props.at("values"))
        return
    for values in chart_values(resource):
        yield from _values(values)
    for node in images(resource):
        image = read(node)
        if image.pinned:
            continue
        if not image.tag:
            yield Violation(node, f"{image.text} has no tag, which is read as latest")
        else:
            yield from _moving(node, image.tag, image.text)


def _values(values: Node) -> Iterator[Violation]:
    """Charts have no schema, but these are images in all of them: `image: {repository, tag}`, `image: NAME:TAG`."""
    if not values.present:
        return
    unseen = []
    for node in parts(values):
        entries = node.entries()
        unseen += [below for key, below in entries.items() if below.hidden and "image" in key.lower()]
        if "tag" in entries and ("repository" in entries or _named_image(node)) and not node.text("digest"):
            yield from _tag(node.at("tag"), node.text("repository") or "the image")
        for below in (below for key, below in entries.items() if key.lower().endswith("image") and _is_text(below)):
            image = read(below)
            if image.tag and not image.pinned:
                yield from _moving(below, image.tag, image.text)
    # Other hidden values (passwords, addresses) are no images; these may be.
    for node in unseen:
        node.text()


def _tag(node: Node, repository: str) -> Iterator[Violation]:
    tag = node.text() or ""
    # An empty tag means the chart's own version in almost every chart; some take `TAG@DIGEST`.
    if tag and "@" not in tag:
        yield from _moving(node, tag, f"{repository}:{tag}")


def _named_image(node: Node) -> bool:
    return bool(node.path) and str(node.path[-1]).lower().endswith("image")


def _is_text(node: Node) -> bool:
    return not (node.hidden or node.is_map or node.is_list) and node.text() is not None


def _moving(node: Node, tag: str, shown: str) -> Iterator[Violation]:
    if _SYMBOL.search(tag):
        raise UnevaluatedError(Reason.UNKNOWN, f"the tag of {shown} is known later", node.path)
    if moves(tag):
        yield Violation(node, f"{shown} follows {tag}: another image after the next push")


RULE: Final = ResourceRule(
    id="HERD-041",
    name="no-moving-image-tags",
    pack="supply_chain",
    title="No image is named latest, by a branch, or without a tag",
    severity=everywhere(Severity.HIGH),
    types=tuple(dict.fromkeys((*TYPES, *HELM, *GITOPS))),
    properties=(
        "spec.containers[].image",
        "spec.template.spec.containers[].image",
        "containerDefinitions[].image",
        "imageUri",
        "values.image.tag",
    ),
    why=(
        "Nobody can say what such a pod runs, nodes disagree about it, and going back is impossible: the name of what"
        " ran before is the name of what runs now."
    ),
    fix="Name a version and its digest: `IMAGE:1.4.2@sha256:…`.",
    mappings={
        "checkov": ("CKV_K8S_14",),
        "kyverno": ("disallow-latest-tag",),
    },
    check=check,
)
