"""HERD-010: no machine stands alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.boot import INSTANCE, SPOT_INSTANCE

_NODE_CLAIM: Final = "kubernetes:karpenter.sh/v1:NodeClaim"
_POOL: Final = "karpenter.sh/nodepool"


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """A claim that Karpenter made carries its pool's name; every other one was made by hand."""
    if resource.type == _NODE_CLAIM and resource.props.has("metadata", "labels", _POOL):
        return
    yield Violation(resource.props, f"{resource.name} is a machine of its own: nothing replaces it when it fails")


RULE: Final = ResourceRule(
    id="HERD-010",
    name="no-standalone-instances",
    pack="cattle",
    title="No machine stands alone",
    severity=everywhere(Severity.HIGH),
    types=(
        INSTANCE,
        SPOT_INSTANCE,
        "aws:lightsail/instance:Instance",
        "aws:cloud9/environmentEC2:EnvironmentEC2",
        "aws:sagemaker/notebookInstance:NotebookInstance",
        _NODE_CLAIM,
    ),
    properties=("*",),
    why=(
        "A machine that nothing replaces gets nursed: patched in place, protected against termination, feared. This"
        " is the opposite of rules that protect stand-alone instances (cdk-nag AwsSolutions-EC29). No tag allows one,"
        " for whoever writes the program writes the tag too: the only allow-list is policies/waivers.yaml, whose"
        " entries end."
    ),
    fix=(
        "Make it a node pool, an Auto Scaling group (of one, if need be) or a Slurm login pool. Where it must be, such"
        " as for a licence bound to one address, a waiver says why and until when."
    ),
    check=check,
)
