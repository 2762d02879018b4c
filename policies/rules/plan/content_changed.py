"""HERD-P9: the content of a living generation never changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.plan import Operation, Plan, PlanRule
from policies.engine.rule import Severity, Violation, everywhere

# type -> start of the paths that nodes are made of; everything else changes in place without touching a node.
CONTENT: Final = {
    "aws:ec2/launchTemplate:LaunchTemplate": re.compile(
        r"(imageId|instanceType|userData|networkInterfaces|blockDeviceMappings|metadataOptions|placement"
        r"|capacityReservationSpecification|instanceMarketOptions|cpuOptions|instanceRequirements|iamInstanceProfile"
        r"|vpcSecurityGroupIds|securityGroupNames|secondaryInterfaces|networkPerformanceOptions|privateDnsNameOptions"
        r"|keyName|ebsOptimized|enclaveOptions|hibernationOptions|instanceInitiatedShutdownBehavior|maintenanceOptions"
        r"|licenseSpecifications|kernelId|ramDiskId|creditSpecification|monitoring)\b"
    ),
    "aws:eks/nodeGroup:NodeGroup": re.compile(
        r"(launchTemplate|releaseVersion|version|amiType|instanceTypes|diskSize|capacityType|nodeRoleArn|remoteAccess)\b"
    ),
    "aws:autoscaling/group:Group": re.compile(r"(launchTemplate|launchConfiguration|mixedInstancesPolicy)\b"),
    "kubernetes:karpenter.sh/v1:NodePool": re.compile(r"spec\.template\b"),
    "kubernetes:karpenter.sh/v1beta1:NodePool": re.compile(r"spec\.template\b"),
    "kubernetes:karpenter.k8s.aws/v1beta1:EC2NodeClass": re.compile(r"spec\b"),
    "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass": re.compile(r"spec\b"),
}


def check(operation: Operation, plan: Plan, facts: Facts) -> Iterator[Violation]:
    """A new template version under an old key rolls, or silently splits, a generation that people trust to be one."""
    if operation.op not in ("update", "replace"):
        return
    content = CONTENT[operation.subject.type]
    changed = [path for path in (*operation.changed, *operation.keys) if content.match(path)]
    if changed:
        does = "replaces" if operation.op == "replace" else "changes"
        shown = ", ".join(sorted(set(changed)))
        yield Violation(operation.subject.props, f"{does} {operation.name} under the key it has: {shown}")


RULE: Final = PlanRule(
    id="HERD-P9",
    name="generation-content-unchanged",
    pack="plan",
    title="The content of a living generation never changes",
    severity=everywhere(Severity.HIGH),
    types=tuple(CONTENT),
    properties=("launchTemplate", "imageId", "userData", "spec.template"),
    why=(
        "EKS rolls a group whose template changes, Karpenter replaces nodes that drifted: jobs end, and nobody can say"
        " any more what a node of that generation is. A change is a new generation beside the old one."
    ),
    fix="Run `herd pool roll STACK POOL`: the new content gets a key of its own, and the old generation drains.",
    mappings={"reference": ("P2",)},
    check=check,
)
