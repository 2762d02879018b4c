"""HERD-042: images come from our own registries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from components.base.context import Environment
from policies.engine.facts import Facts
from policies.engine.rule import GraphRule, Severity, Violation, only_in
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared.images import CODEBUILD, TYPES, Image, images, read

MIRROR: Final = "herd:registry:DigestMirror"
# Private ECR, over IPv4 or dual-stack, in every partition. Source: ECR User Guide, "Private registries".
_ECR: Final = re.compile(
    r"(?P<account>\d{12}|\0)\.dkr[.-]ecr(?:-fips)?\.[^.]+\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|on\.aws)"
)
# AWS's own: EKS add-ons, Deep Learning Containers, SageMaker. Sources: EKS User Guide, "View Amazon container image
# registries"; aws/deep-learning-containers, available_images.md; SageMaker, "Docker Registry Paths".
_AWS: Final = frozenset(("602401143452", "763104351884", "683313688378", "520713654638"))


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """What isn't in our registry can vanish, change or be slow at the moment a thousand nodes pull it."""
    for node in images(resource):
        image = read(node)
        if _ours(image, facts) or (image.pinned and _fills_our_registry(resource, stack)):
            continue
        yield Violation(node, f"{image.text} comes from {_registry(image)}, which isn't a registry of ours")


def _ours(image: Image, facts: Facts) -> bool:
    if image.of_stack:
        return True
    if image.host is None:
        raise UnevaluatedError(Reason.UNKNOWN, f"only the cloud knows the registry of {image.text}", image.at.path)
    found = _ECR.fullmatch(image.host)
    if not found:
        return False
    account = found["account"]
    return account in ("\0", facts.account) if facts.account else account not in _AWS


def _fills_our_registry(resource: Subject, stack: Stack) -> bool:
    """The job that copies images here runs in one that can't be here before it ran; its digest vouches for it."""
    return resource.type == CODEBUILD and any(above.type == MIRROR for above in stack.ancestors(resource))


def _registry(image: Image) -> str:
    return (image.host or "").replace("\0", "*")


RULE: Final = GraphRule(
    id="HERD-042",
    name="only-our-registries",
    pack="supply_chain",
    title="In prod, images come from our own registries alone",
    severity=only_in(Environment.PROD, severity=Severity.HIGH),
    types=TYPES,
    properties=(
        "spec.containers[].image",
        "spec.template.spec.containers[].image",
        "containerDefinitions[].image",
        "imageUri",
        "environment.image",
    ),
    why=(
        "A public registry limits pulls, deletes tags and is attacked; nobody scanned what comes from it, and nodes"
        " need the internet to reach it. Docker Hub's limit alone stops a pool that scales out."
    ),
    fix=(
        "Pull it through the registry's cache (`ACCOUNT.dkr.ecr.REGION.amazonaws.com/ecr-public/…`), or add it to the"
        " mirror, and name it there."
    ),
    mappings={"kyverno": ("restrict-image-registries",)},
    check=check,
)
