"""HERD-010: no machine stands alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.scripts.boot import INSTANCE, LIGHTSAIL, SPOT_FLEET, SPOT_INSTANCE

_NODE_CLAIM: Final = "kubernetes:karpenter.sh/v1:NodeClaim"
_POOL: Final = "karpenter.sh/nodepool"
# A fleet is maintained unless it says that it asks once. Source: EC2, CreateFleet and RequestSpotFleet (Type).
_FLEETS: Final = {"aws:ec2/fleet:Fleet": "type", SPOT_FLEET: "fleetType"}
_ONCE: Final = ("instant", "request")


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """A claim that Karpenter made carries its pool's name; every other one was made by hand."""
    if resource.type == _NODE_CLAIM and resource.props.has("metadata", "labels", _POOL):
        return
    if resource.type in _FLEETS:
        kind = resource.props.at(_FLEETS[resource.type])
        if (kind.literal() or "").lower() in _ONCE:
            yield Violation(kind, f"{resource.name} asks for machines once: nothing replaces one when it fails")
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
        LIGHTSAIL,
        "aws:cloud9/environmentEC2:EnvironmentEC2",
        "aws:sagemaker/notebookInstance:NotebookInstance",
        _NODE_CLAIM,
        *_FLEETS,
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
