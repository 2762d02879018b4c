"""HERD-017: Karpenter takes machine images by id, or by an alias with a version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.kubernetes.karpenter import EC2_NODE_CLASSES
from policies.rules._shared.machines.machine_images import moves
from policies.rules._shared.scripts.boot import NODE_TEMPLATE

_VERSIONED: Final = re.compile(r"[a-z0-9]+@v?\d[\w.-]*")
"""`al2023@v20240807`, `bottlerocket@1.20.0` (Karpenter strips a `v`). Source: karpenter.sh, spec.amiSelectorTerms."""
_IDS: Final = ("aws::ids", "aws-ids")
"""Keys for ids in `amiSelector` of an AWSNodeTemplate."""


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Whatever else selects an image selects another one as soon as there is a newer."""
    spec = resource.props.at("spec")
    if resource.type == NODE_TEMPLATE:
        yield from _old(spec, facts)
        return
    terms = [*spec.each("amiSelectorTerms")]
    if not terms:
        family = spec.text("amiFamily")
        newest = f": Karpenter takes the newest of {family}" if family else ""
        yield Violation(spec.at("amiSelectorTerms"), f"selects no image{newest}")
    for term in terms:
        if why := _why(term, facts):
            yield Violation(term, why)


def _why(term: Node, facts: Facts) -> str:
    if term.has("id"):
        return moves(term.at("id"), facts)
    if alias := term.literal("alias"):
        return "" if _VERSIONED.fullmatch(alias) else f"follows {alias}: another image with the next one AWS makes"
    if parameter := term.text("ssmParameter"):
        return f"follows the SSM parameter {parameter}"
    by = ", ".join(key for key in ("name", "tags", "owner") if term.has(key)) or "nothing"
    return f"selects by {by}: whichever matching image is newest"


def _old(spec: Node, facts: Facts) -> Iterator[Violation]:
    """An AWSNodeTemplate: ids in its selector, or a launch template, which is judged by itself."""
    if spec.has("launchTemplate"):
        return
    selector = spec.at("amiSelector")
    listed = next((place for key in _IDS if (place := selector.at(key)).present), None)
    if listed is None:
        yield Violation(selector, "selects no image by id: Karpenter takes the newest")
        return
    for one in (listed.text() or "").split(","):
        if why := moves(Node(one.strip(), listed.path, listed.subject), facts):
            yield Violation(listed, why)


RULE: Final = ResourceRule(
    id="HERD-017",
    name="node-class-image-pinned",
    pack="immutable",
    title="Karpenter takes machine images by id, or by an alias with a version",
    severity=everywhere(Severity.HIGH),
    types=(*EC2_NODE_CLASSES, NODE_TEMPLATE),
    properties=("spec.amiSelectorTerms", "spec.amiSelector"),
    why=(
        "With @latest, tags or an SSM parameter Karpenter counts every node as drifted on the day AWS makes an image,"
        ' and replaces the fleet with one nobody tested (karpenter.sh, "Managing AMIs").'
    ),
    fix=(
        "Write amiSelectorTerms: [{id: ami-…}] with an id of the release lock, or an alias with its version"
        " (al2023@v20250704)."
    ),
    check=check,
)
