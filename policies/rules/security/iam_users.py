"""HERD-008: no IAM users, no keys that live for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject

_WHAT: Final = {
    "aws:iam/user:User": "is an IAM user",
    "aws:iam/accessKey:AccessKey": "is an access key that never ends",
    "aws:iam/userLoginProfile:UserLoginProfile": "is a console password of an IAM user",
    "aws:iam/sshKey:SshKey": "is an SSH key of an IAM user",
    "aws:iam/serviceSpecificCredential:ServiceSpecificCredential": "is a password of an IAM user for one service",
    "aws:iam/signingCertificate:SigningCertificate": "is a certificate that signs as an IAM user",
    "aws:iam/userPolicy:UserPolicy": "gives rights to an IAM user",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "gives rights to an IAM user",
    "aws:iam/userGroupMembership:UserGroupMembership": "puts an IAM user into a group",
}


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """There is no good way to have one."""
    yield Violation(resource.props, _WHAT[resource.type])


RULE: Final = ResourceRule(
    id="HERD-008",
    name="no-iam-users",
    pack="security",
    title="There are no IAM users and no access keys",
    severity=everywhere(Severity.HIGH),
    types=tuple(_WHAT),
    properties=("aws:iam/user:User", "aws:iam/accessKey:AccessKey"),
    why=(
        "Keys of a user work for ever, from anywhere, for whoever has them, and Pulumi keeps them in its state."
        " They are how most accounts are lost."
    ),
    fix="Use IAM Identity Center for people, OIDC for pipelines, Pod Identity for pods and roles for machines.",
    mappings={
        "checkov": ("CKV_AWS_273",),
        "fsbp": ("IAM.2",),
        "prowler": ("iam_user_accesskey_unused",),
    },
    check=check,
)
