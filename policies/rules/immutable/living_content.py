"""HERD-062: content never changes under a living generation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared.types import GPU_NODE_POOL


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """The key is the hash of the content, and what is registered is that content and nothing else.

    The image and the reservation come from what is registered, all else from what the pool declares. What only the
    cloud knows (ids, the cluster's endpoint) is no part of the key. Whether a resource of that name was another one
    before is for the plan rules: a graph has no past.
    """
    from policies.rules._shared.machines.generations import differences, generations  # noqa: PLC0415 - brings Pulumi along

    children = stack.children(resource)
    made = {f"{child.type.rsplit(':', 1)[-1]}/{child.name}": child for child in children}
    made |= {child.name: child for child in children if child.type.endswith((":LaunchTemplate", ":EC2NodeClass"))}
    for generation in generations(resource):
        for place, message in differences(generation, made):
            yield Violation(place, message)


RULE: Final = GraphRule(
    id="HERD-062",
    name="living-content-unchanged",
    pack="immutable",
    title="Content never changes under a living generation",
    severity=everywhere(Severity.HIGH),
    types=(GPU_NODE_POOL,),
    properties=(
        "generations.key",
        "generations.node",
        "aws:ec2/launchTemplate:LaunchTemplate.imageId",
        "aws:ec2/launchTemplate:LaunchTemplate.userData",
        "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass.spec.amiSelectorTerms",
    ),
    why=(
        "Nodes of one generation are alike because its key is the hash of what they are made of. Changed under"
        " the key, Karpenter replaces every node as drifted, and a node group's next node differs from its neighbours."
    ),
    fix=(
        "Put the content back as Git has it, then make a new generation: `herd pool roll STACK POOL --set"
        " node.FIELD=VALUE`."
    ),
    check=check,
)
