"""HERD-014: groups take a launch template's version by number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.templates import GROUP, NODE_GROUP

_MOVING: Final = ("$latest", "$default")


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """A version that moves by itself changes what the next machine is, without a release."""
    blocks = [*resource.props.each("launchTemplate")]
    for policy in resource.props.each("mixedInstancesPolicy"):
        for template in policy.each("launchTemplate"):
            blocks += template.each("launchTemplateSpecification")
    for block in blocks:
        version = block.at("version")
        value = version.text()
        if value is None:
            yield Violation(version, "names no version, which AWS reads as $Default")
        elif value.lower() in _MOVING:
            yield Violation(version, f"follows {value}: another machine after the next edit of the template")


RULE: Final = ResourceRule(
    id="HERD-014",
    name="launch-template-version-pinned",
    pack="immutable",
    title="Groups take a launch template's version by number",
    severity=everywhere(Severity.HIGH),
    types=(GROUP, NODE_GROUP),
    properties=("launchTemplate.version", "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.version"),
    why=(
        "With $Latest or $Default the next machine that starts differs from its neighbours as soon as somebody edits"
        " the template, no plan shows it, and Terraform and Pulumi see an endless diff (terraform-aws-eks #2087)."
    ),
    fix="Pass the template's own version: `version=template.latest_version.apply(str)`, or its default_version.",
    check=check,
)
