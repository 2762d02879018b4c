"""HERD-045: Kubernetes secrets are encrypted under a key of our own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.types import EKS_CLUSTER


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Without a key of one's own AWS encrypts under a key of its own, which nobody here can take away."""
    config = resource.props.at("encryptionConfig")
    blocks = list(config.each())
    if not blocks:
        yield Violation(config, "names no KMS key for Kubernetes secrets")
    for block in blocks:
        resources = block.at("resources")
        if "secrets" not in resources.texts():
            yield Violation(resources, "encrypts something else than secrets")
        key = block.at("provider", "keyArn")
        if not key.text():
            yield Violation(key, "names no KMS key for Kubernetes secrets")


RULE: Final = ResourceRule(
    id="HERD-045",
    name="kubernetes-secrets-encrypted",
    pack="security",
    title="Kubernetes secrets are encrypted under a KMS key of our own",
    severity=everywhere(Severity.HIGH),
    types=(EKS_CLUSTER,),
    properties=("encryptionConfig.provider.keyArn", "encryptionConfig.resources"),
    why=(
        "Tokens for registries, buckets and experiment trackers lie in the control plane's database and its backups. A"
        " key of our own can be taken away, and its use is on record."
    ),
    fix='Write encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]}.',
    mappings={"checkov": ("CKV_AWS_58",), "fsbp": ("EKS.3",), "trivy": ("AWS-0039",)},
    check=check,
)
