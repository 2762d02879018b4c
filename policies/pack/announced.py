"""Rules as the SDK's policies: what `GetAnalyzerInfo` announces, and at which level each stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypedDict

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    ResourceValidationPolicy,
    Severity,
    StackValidationPolicy,
)

from components.base.context import Environment
from policies.engine.rule import ResourceRule, Rule, enforcement
from policies.pack.run import TOLD_SCHEMA

LAW: Final = "law"
"""The policy that stands for the pack itself: it takes the facts of the stack, and accounts for what was not judged."""

_TITLE: Final = "What the rules know of the stack, and what they couldn't judge"
# The first one a rule corresponds to is its framework; every other library is among the tags.
_FRAMEWORKS: Final = {
    "cis": (
        "CIS Amazon Web Services Foundations Benchmark",
        "https://www.cisecurity.org/benchmark/amazon_web_services",
    ),
    "fsbp": (
        "AWS Foundational Security Best Practices",
        "https://docs.aws.amazon.com/securityhub/latest/userguide/fsbp-standard.html",
    ),
}


class _Metadata(TypedDict):
    display_name: str
    framework: PolicyComplianceFramework | None
    tags: list[str]
    remediation_steps: str


class ResourceLaw(ResourceValidationPolicy):
    """A rule about one resource; `policies.pack.servicer` asks it, once a resource is read for all of them."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.name, rule.title, **_metadata(rule))


class StackLaw(StackValidationPolicy):
    """A rule about a resource and what it refers to, or about the stack as a whole."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.name, rule.title, **_metadata(rule))


class Account(StackValidationPolicy):
    """The pack's own policy."""

    def __init__(self) -> None:
        super().__init__(
            LAW,
            _TITLE,
            enforcement_level=EnforcementLevel.ADVISORY,
            config_schema=TOLD_SCHEMA,
            display_name="The law itself",
            severity=Severity.LOW,
            tags=["herd"],
        )


def policies_of(rules: Sequence[Rule]) -> dict[str, Policy]:
    """Policy by name, the pack's own last."""
    found: dict[str, Policy] = {
        rule.name: ResourceLaw(rule) if isinstance(rule, ResourceRule) else StackLaw(rule) for rule in rules
    }
    return {**found, LAW: Account()}


def set_levels(policies: dict[str, Policy], rules: Iterable[Rule], environment: Environment) -> None:
    """Announce the levels and severities of an environment; rules that don't hold there are disabled."""
    for rule in rules:
        policy = policies[rule.name]
        policy.enforcement_level = level_in(rule, environment)
        policy.severity = Severity(rule.severity.get(environment, rule.worst))


def level_in(rule: Rule, environment: Environment) -> EnforcementLevel:
    """The level that the law itself gives a rule."""
    if not rule.holds_in(environment):
        return EnforcementLevel.DISABLED
    return EnforcementLevel(enforcement(rule.severity[environment], environment))


def _metadata(rule: Rule) -> _Metadata:
    mapped = [f"{library}:{name}" for library, names in sorted(rule.mappings.items()) for name in names]
    return {
        "display_name": f"{rule.id} {rule.title}",
        "framework": _framework(rule),
        "tags": [rule.id, rule.pack, *mapped],
        "remediation_steps": f"{rule.fix} Why: {rule.why} (`herd policy explain {rule.id}`)",
    }


def _framework(rule: Rule) -> PolicyComplianceFramework | None:
    for library, (name, reference) in _FRAMEWORKS.items():
        if ids := rule.mappings.get(library):
            return PolicyComplianceFramework(name, None, reference, ", ".join(ids))
    return None
