"""HERD-044: the world doesn't reach the Kubernetes API, and in production only the VPC does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import NOTHING_ELSE, Subject
from policies.rules._shared.network.ingress import block_of, is_world
from policies.rules._shared.types import EKS_CLUSTER


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """EKS makes the endpoint public, and open to 0.0.0.0/0, unless told otherwise."""
    network = resource.props.at("vpcConfig")
    public = network.at("endpointPublicAccess")
    if not public.flag(default=True):
        return
    if facts.production:
        yield Violation(public, "the Kubernetes API has a public endpoint, which production never has")
    blocks = network.at("publicAccessCidrs")
    nodes = [node for node in blocks.each() if node.present]
    if not nodes:
        yield Violation(blocks, "the Kubernetes API is public and names no blocks, which EKS reads as 0.0.0.0/0")
    for node in nodes:
        block = block_of(node, NOTHING_ELSE)
        if block is not None and is_world(block):
            yield Violation(node, f"{node.text()} reaches the Kubernetes API")


RULE: Final = ResourceRule(
    id="HERD-044",
    name="kubernetes-endpoint-private",
    pack="security",
    title="The Kubernetes API is private in production and never open to the world",
    severity=everywhere(Severity.CRITICAL),
    types=(EKS_CLUSTER,),
    properties=("vpcConfig.endpointPublicAccess", "vpcConfig.publicAccessCidrs"),
    why=(
        "Whoever reaches the API server is one leaked token or one flaw in it away from every pod, secret and GPU of"
        " the cluster."
    ),
    fix=(
        'Write vpc_config={"endpoint_private_access": True, "endpoint_public_access": False}; outside production name'
        " the office's blocks in public_access_cidrs if people need it."
    ),
    mappings={
        "checkov": ("CKV_AWS_38", "CKV_AWS_39"),
        "fsbp": ("EKS.1",),
        "trivy": ("AWS-0040", "AWS-0041"),
    },
    check=check,
)
