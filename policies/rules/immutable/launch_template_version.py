"""HERD-014: whatever starts machines takes a launch template's version by number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.machines.templates import GROUP, NODE_GROUP
from policies.rules._shared.scripts.boot import INSTANCE, SPOT_FLEET
from policies.rules._shared.types import COMPUTE_ENVIRONMENT

FLEET: Final = "aws:ec2/fleet:Fleet"
_SPECIFICATION: Final = "launchTemplateSpecification"
_MIXED: Final = ("mixedInstancesPolicy", "launchTemplate")
# Where each type names launch templates; a type's overrides may name others.
_BLOCKS: Final = {
    GROUP: (("launchTemplate",), (*_MIXED, _SPECIFICATION), (*_MIXED, "overrides", _SPECIFICATION)),
    NODE_GROUP: (("launchTemplate",),),
    COMPUTE_ENVIRONMENT: (("computeResources", "launchTemplate"),),
    FLEET: (("launchTemplateConfigs", _SPECIFICATION),),
    SPOT_FLEET: (("launchTemplateConfigs", _SPECIFICATION),),
    INSTANCE: (("launchTemplate",),),
}
_MOVING: Final = ("$latest", "$default")


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """A version that moves by itself changes what the next machine is, without a release."""
    for block in (block for path in _BLOCKS[resource.type] for block in _each(resource.props, path)):
        version = block.at("version")
        value = version.text()
        if value is None:
            yield Violation(version, "names no version, which AWS reads as $Default")
        elif value.lower() in _MOVING:
            yield Violation(version, f"follows {value}: another machine after the next edit of the template")


def _each(node: Node, path: tuple[str, ...]) -> Iterator[Node]:
    """The blocks at a path, each block of a list on the way."""
    if not path:
        yield node
        return
    for below in node.each(path[0]):
        yield from _each(below, path[1:])


RULE: Final = ResourceRule(
    id="HERD-014",
    name="launch-template-version-pinned",
    pack="immutable",
    title="Whatever starts machines takes a launch template's version by number",
    severity=everywhere(Severity.HIGH),
    types=tuple(_BLOCKS),
    properties=(
        "launchTemplate.version",
        "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.version",
        "mixedInstancesPolicy.launchTemplate.overrides.launchTemplateSpecification.version",
        "computeResources.launchTemplate.version",
        "launchTemplateConfigs.launchTemplateSpecification.version",
    ),
    why=(
        "With $Latest or $Default the next machine that starts differs from its neighbours as soon as somebody edits"
        " the template, no plan shows it, and Terraform and Pulumi see an endless diff (terraform-aws-eks #2087)."
    ),
    fix="Pass the template's own version: `version=template.latest_version.apply(str)`, or its default_version.",
    check=check,
)
