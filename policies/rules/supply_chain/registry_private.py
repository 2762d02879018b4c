"""HERD-038: images are private, and encrypted with a key of KMS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.access.iam import Document, DocumentKind
from policies.rules._shared.access.who import says_who
from policies.rules._shared.repositories import PUBLIC, REPOSITORY, TEMPLATE

REPOSITORY_POLICY: Final = "aws:ecr/repositoryPolicy:RepositoryPolicy"
REGISTRY_POLICY: Final = "aws:ecr/registryPolicy:RegistryPolicy"
_POLICIES: Final = {REPOSITORY_POLICY: "policy", REGISTRY_POLICY: "policy", TEMPLATE: "repositoryPolicy"}
_KMS: Final = ("KMS", "KMS_DSSE")
_FIX_POLICY: Final = "Name the accounts or roles that pull, or add a condition on aws:PrincipalOrgID."


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Public repositories, policies for everybody, and AES256, which is what AWS takes where nothing is said."""
    if resource.type == PUBLIC:
        yield Violation(resource.props, "is a public repository: anybody can pull", "Use a private repository of ECR.")
        return
    if key := _POLICIES.get(resource.type):
        yield from _policy(resource.props.at(key))
    if resource.type in (REPOSITORY, TEMPLATE):
        yield from _encryption(resource.props)


def _policy(node: Node) -> Iterator[Violation]:
    for statement in Document(node, DocumentKind.RESOURCE).statements():
        if statement.allows and statement.everyone and not any(map(says_who, statement.conditions)):
            yield Violation(node, "allows everybody: Principal is * and no condition says who", _FIX_POLICY)


def _encryption(props: Node) -> Iterator[Violation]:
    found = [node.at("encryptionType") for node in props.each("encryptionConfigurations")]
    if not found:
        yield Violation(props.at("encryptionConfigurations"), "is absent, which is AES256: no key that we control")
    for node in found:
        value = node.literal(default="AES256")
        if value not in _KMS:
            yield Violation(node, f"is {value}: no key that we control")


RULE: Final = ResourceRule(
    id="HERD-038",
    name="ecr-private-and-encrypted",
    pack="supply_chain",
    title="Image repositories are private and encrypted with KMS",
    severity=everywhere(Severity.HIGH),
    types=(REPOSITORY, TEMPLATE, REPOSITORY_POLICY, REGISTRY_POLICY, PUBLIC),
    properties=("policy", "repositoryPolicy", "encryptionConfigurations[].encryptionType"),
    why=(
        "Images hold code, models and now and then a secret. What everybody may pull is out for good; without a key of"
        " KMS nobody can see who read it or take the right away."
    ),
    fix="Set encryptionConfigurations to encryptionType KMS with a key of the stack (it can't be changed later).",
    mappings={
        "checkov": ("CKV_AWS_32", "CKV_AWS_136"),
        "cdk-nag": ("AwsSolutions-ECR1",),
    },
    check=check,
)
