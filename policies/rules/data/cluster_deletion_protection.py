"""HERD-048: EKS refuses to delete a production cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.base.context import Environment
from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, only_in
from policies.engine.subject import Subject
from policies.rules._shared.types import EKS_CLUSTER


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """AWS deletes a cluster that doesn't say otherwise."""
    protection = resource.props.at("deletionProtection")
    if not protection.flag(default=False):
        how = "is off" if protection.present else "is absent, and off by default"
        yield Violation(protection, f"deletionProtection {how}: one call to EKS deletes the cluster")


RULE: Final = ResourceRule(
    id="HERD-048",
    name="eks-deletion-protection",
    pack="data",
    title="EKS refuses to delete a production cluster",
    severity=only_in(Environment.PROD, severity=Severity.HIGH),
    types=(EKS_CLUSTER,),
    properties=("deletionProtection",),
    why=(
        "A cluster that is deleted takes every workload and every custom resource in it along, and no backup of AWS"
        " brings its control plane back. With the protection EKS itself refuses, whoever asks."
    ),
    fix="Set `deletion_protection=True`, and take it off in a change of its own before a cluster is retired.",
    mappings={"prowler": ("eks_cluster_deletion_protection_enabled",)},
    check=check,
)
