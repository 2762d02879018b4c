"""HERD-036: tags of images can't be given to another image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.registry.wildcard import matches
from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared.repositories import CACHE, RELEASES, REPOSITORY, TEMPLATE, template_for


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """AWS reads no setting as MUTABLE; a cache without a template makes mutable repositories at its first pull."""
    if resource.type == CACHE:
        prefix = resource.props.at("ecrRepositoryPrefix")
        name = prefix.literal() or ""
        if name and not template_for(name, stack):
            message = f"no creation template covers {name}/: the first pull makes a repository with mutable tags"
            yield Violation(prefix, message, "A RepositoryCreationTemplate for the prefix with IMMUTABLE tags.")
        return
    setting = resource.props.at("imageTagMutability")
    value = setting.literal(default="MUTABLE") or "MUTABLE"
    if value == "IMMUTABLE_WITH_EXCLUSION":
        yield from _exclusions(resource.props)
    elif value != "IMMUTABLE":
        yield Violation(setting, f"is {value}: a tag can be pushed again with other content")


def _exclusions(props: Node) -> Iterator[Violation]:
    for exclusion in props.each("imageTagMutabilityExclusionFilters"):
        pattern = exclusion.at("filter")
        text = pattern.literal() or ""
        if taken := [tag for tag in RELEASES if matches(text, tag)]:
            yield Violation(pattern, f"{text} lets tags of releases such as {taken[0]} be pushed again")


RULE: Final = GraphRule(
    id="HERD-036",
    name="ecr-tags-immutable",
    pack="supply_chain",
    title="Image tags can't be overwritten",
    severity=everywhere(Severity.HIGH),
    types=(REPOSITORY, TEMPLATE, CACHE),
    properties=("imageTagMutability", "imageTagMutabilityExclusionFilters[].filter", "ecrRepositoryPrefix"),
    why=(
        "A tag that can be pushed again means something else tomorrow: what was scanned, tested and signed isn't what"
        " the next node pulls, and nothing shows it."
    ),
    fix="Set imageTagMutability to IMMUTABLE, or to IMMUTABLE_WITH_EXCLUSION with filters that no release matches.",
    mappings={
        "checkov": ("CKV_AWS_51",),
        "trivy": ("AWS-0031",),
        "fsbp": ("ECR.2",),
        "config": ("ECR_PRIVATE_TAG_IMMUTABILITY_ENABLED",),
    },
    check=check,
)
