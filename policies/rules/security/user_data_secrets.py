"""HERD-020: no secrets in what machines are told at boot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.boot import TYPES, boot_texts
from policies.rules._shared.secrets import secrets


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Decoded and unpacked first; what is found is named, never shown."""
    for boot in boot_texts(resource):
        for line, what in secrets(boot.text):
            yield Violation(boot.node, f"holds {what} (line {line} of the {boot.kind})")


RULE: Final = ResourceRule(
    id="HERD-020",
    name="no-secrets-in-user-data",
    pack="security",
    title="User data and boot actions hold no secrets",
    severity=everywhere(Severity.CRITICAL),
    types=TYPES,
    properties=("userData", "userDataBase64", "spec.userData", "CustomActions.*.Args"),
    why=(
        "Every process on the machine reads user data from the metadata service, everybody with ec2:Describe… reads it"
        " from EC2, and it stays in each version of the template and in Pulumi's state."
    ),
    fix=(
        "Rotate the secret now. Then let the machine's role fetch it when it is needed:"
        " `aws secretsmanager get-secret-value`, or an SSM SecureString."
    ),
    mappings={"checkov": ("CKV_AWS_46",), "trivy": ("AWS-0029", "AWS-0129")},
    check=check,
)
