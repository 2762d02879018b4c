"""HERD-046: the control plane writes every log it has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.types import EKS_CLUSTER

LOGS: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """EKS writes none unless told."""
    given = resource.props.at("enabledClusterLogTypes")
    there = given.texts()
    if missing := [log for log in LOGS if log not in there]:
        yield Violation(given, f"the control plane doesn't write {', '.join(missing)}")


RULE: Final = ResourceRule(
    id="HERD-046",
    name="control-plane-logs",
    pack="security",
    title="The Kubernetes control plane writes all five logs",
    severity=everywhere(Severity.MEDIUM),
    types=(EKS_CLUSTER,),
    properties=("enabledClusterLogTypes",),
    why="Who deleted the job, who read the secret, why nothing is scheduled: only these logs say so, if they are on.",
    fix='Write enabled_cluster_log_types=["api", "audit", "authenticator", "controllerManager", "scheduler"].',
    mappings={"checkov": ("CKV_AWS_37",), "fsbp": ("EKS.8",), "cdk-nag": ("AwsSolutions-EKS2",)},
    check=check,
)
