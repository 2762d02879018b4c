"""HERD-013: Auto Scaling groups use launch templates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.machines.templates import GROUP
from policies.rules._shared.scripts.boot import LAUNCH_CONFIGURATION


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """A launch configuration has no versions, no IMDS defaults to speak of, and AWS makes no new ones."""
    props = resource.props
    if resource.type == LAUNCH_CONFIGURATION:
        yield Violation(props, f"{resource.name} is a launch configuration, which has no versions and gets no features")
    elif props.has("launchConfiguration"):
        yield Violation(props.at("launchConfiguration"), "starts machines from a launch configuration")
    elif not props.has("launchTemplate") and not props.has("mixedInstancesPolicy", "launchTemplate"):
        yield Violation(props, "names no launch template")


RULE: Final = ResourceRule(
    id="HERD-013",
    name="launch-template-used",
    pack="immutable",
    title="Auto Scaling groups use launch templates",
    severity=everywhere(Severity.HIGH),
    types=(GROUP, LAUNCH_CONFIGURATION),
    properties=("launchTemplate", "mixedInstancesPolicy.launchTemplate", "launchConfiguration"),
    why=(
        "Only a launch template has versions to pin and knows EFA, capacity reservations and IMDS hop limits; new"
        " accounts can't make launch configurations any more (EC2 Auto Scaling User Guide)."
    ),
    fix="Write an aws.ec2.LaunchTemplate and name it, with its version as a number.",
    mappings={"checkov": ("CKV_AWS_315",), "fsbp": ("AutoScaling.9",)},
    check=check,
)
