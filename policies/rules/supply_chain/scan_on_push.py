"""HERD-037: images are scanned when they are pushed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.registry.wildcard import matches
from policies.engine.facts import Facts
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared.repositories import REPOSITORY

REGISTRY: Final = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
_AUTOMATIC: Final = ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """By default nothing is scanned; what the registry says of all its repositories counts too."""
    setting = resource.props.at("imageScanningConfiguration", "scanOnPush")
    if setting.flag() or any(_covers(registry, resource) for registry in stack.of_type(REGISTRY)):
        return
    yield Violation(setting, "nothing scans what is pushed here")


def _covers(registry: Subject, repository: Subject) -> bool:
    region, here = _region(registry), _region(repository)
    if region and here and region != here:
        return False
    # A generated name begins with what nobody knows here: only a filter for everything is sure to match it.
    name = repository.props.text("name") or repository.outputs.text("name") or ""
    return any(
        _selects(filter_.literal("filter") or "", name)
        for rule in registry.props.each("rules")
        if rule.literal("scanFrequency") in _AUTOMATIC
        for filter_ in rule.each("repositoryFilters")
    )


def _region(resource: Subject) -> str | None:
    """A resource's own, which pulumi-aws 7 has, or its provider's."""
    return resource.props.text("region") or resource.provider.text("region")


def _selects(pattern: str, name: str) -> bool:
    """Source: ECR User Guide, "Using filters": without `*` a filter matches every name that contains it."""
    return matches(pattern if "*" in pattern else f"*{pattern}*", name)


RULE: Final = GraphRule(
    id="HERD-037",
    name="ecr-scan-on-push",
    pack="supply_chain",
    title="Images are scanned when they are pushed",
    severity=everywhere(Severity.HIGH),
    types=(REPOSITORY,),
    properties=("imageScanningConfiguration.scanOnPush",),
    why=(
        "A known vulnerability is found either when an image is pushed or after it has run for weeks; a scan on push"
        " is what makes it the first."
    ),
    fix=(
        "Set imageScanningConfiguration.scanOnPush, or scan the whole registry: a RegistryScanningConfiguration with"
        " SCAN_ON_PUSH for `*`."
    ),
    mappings={
        "checkov": ("CKV_AWS_163",),
        "trivy": ("AWS-0030",),
        "fsbp": ("ECR.1",),
        "config": ("ECR_PRIVATE_IMAGE_SCANNING_ENABLED",),
    },
    check=check,
)
