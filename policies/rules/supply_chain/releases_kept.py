"""HERD-039: repositories are cleaned, and what was released stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from components.registry.wildcard import matches
from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared.repositories import FOR_CACHES, LIFECYCLE, RELEASES, REPOSITORY, TEMPLATE

FOREVER_DAYS: Final = 3_650
FOREVER_IMAGES: Final = 1_000
"""From here on a rule keeps: ECR has no word for never, and a repository holds 100,000 images."""


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """A repository has a policy, and no rule of it expires what carries the tag of a release."""
    if resource.type == REPOSITORY:
        if not any(_cleans(policy, resource, stack) for policy in stack.of_type(LIFECYCLE)):
            yield Violation(resource.props, "has no lifecycle policy: what no one needs stays for ever, and is paid")
    elif resource.type == LIFECYCLE:
        yield from _expires(resource.props.document("policy"))
    # What a cache drops is fetched again; only what is ours can be lost.
    elif set(resource.props.texts("appliedFors")) - {FOR_CACHES}:
        yield from _expires(resource.props.document("lifecyclePolicy"))


def _cleans(policy: Subject, repository: Subject, stack: Stack) -> bool:
    node = policy.props.at("repository")
    if stack.named_by(node) is repository:
        return True
    # In a saved deployment a policy has the id of its repository: the name decides.
    names = (place.text("name") for place in (repository.props, repository.outputs))
    return node.text() in {name for name in names if name}


def _expires(policy: Node) -> Iterator[Violation]:
    kept: set[str] = set()
    for rule in sorted(policy.each("rules"), key=lambda rule: rule.number("rulePriority") or 0):
        selection = rule.at("selection")
        if (rule.literal("action", "type") or "expire") != "expire":
            continue
        # An image that a rule selects is safe from every later rule, whatever other tags it carries.
        if _keeps(selection):
            kept |= _selected(selection, all)
            continue
        taken = _selected(selection, any)
        if taken and not taken & kept:
            what = "every image" if len(taken) == len(RELEASES) else f"tags such as {min(taken)}"
            after = f"{selection.text('countType')} {selection.text('countNumber')}"
            yield Violation(selection, f"expires {what} ({after}): what was released goes too")


def _selected(selection: Node, needed: Callable[[Iterable[bool]], bool]) -> set[str]:
    """Tags of releases that a rule selects: of several patterns all have to match, but an image may have more tags.

    Source: ECR User Guide, "Lifecycle policy properties".
    """
    status = (selection.literal("tagStatus") or "").lower()
    if status != "tagged":
        return set(RELEASES) if status == "any" else set()
    patterns = [*selection.texts("tagPatternList"), *(f"{prefix}*" for prefix in selection.texts("tagPrefixList"))]
    return {tag for tag in RELEASES if patterns and needed(matches(pattern, tag) for pattern in patterns)}


def _keeps(selection: Node) -> bool:
    number = selection.number("countNumber") or 0
    by_age = (selection.literal("countType") or "").startswith("since")
    return number >= (FOREVER_DAYS if by_age else FOREVER_IMAGES)


RULE: Final = GraphRule(
    id="HERD-039",
    name="ecr-lifecycle-keeps-releases",
    pack="supply_chain",
    title="Every repository has a lifecycle policy, and none expires a release",
    severity=everywhere(Severity.MEDIUM),
    types=(REPOSITORY, LIFECYCLE, TEMPLATE),
    properties=("policy", "lifecyclePolicy"),
    why=(
        "A released image is pulled by nodes that start months later and by every return to an older release; a rule"
        " such as «keep the newest 30» deletes it while it runs. Without any rule, builds pile up."
    ),
    fix=(
        "Expire untagged images and the tags of builds; put a rule before a rule for `any` that keeps releases"
        " (`release-*`, sinceImagePushed, 36500 days)."
    ),
    mappings={"fsbp": ("ECR.3",), "config": ("ECR_PRIVATE_LIFECYCLE_POLICY_CONFIGURED",)},
    check=check,
)
