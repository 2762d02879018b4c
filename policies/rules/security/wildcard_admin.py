"""HERD-059: nobody may do everything, and OIDC trust names one repository and one environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared import parallelcluster
from policies.rules._shared.access.iam import (
    ATTACHING_TYPES,
    IDENTITY_TYPES,
    RESOURCE_TYPES,
    DocumentKind,
    Statement,
    attached,
    statements,
)
from policies.rules._shared.access.web_identity import untrusted
from policies.rules._shared.access.who import says_nothing, says_who
from policies.rules._shared.kubernetes.rbac import RBAC_TYPES, given_away

_ADMINISTRATORS: Final = re.compile(r"arn:[\w-]+:iam::aws:policy/(?:AdministratorAccess|IAMFullAccess|PowerUserAccess)")
# A bucket's are HERD-052's, a repository's HERD-038's; without a policy a file system is everybody's who reaches it.
_ELSEWHERE: Final = (
    "aws:ecr/registryPolicy:RegistryPolicy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws:efs/fileSystemPolicy:FileSystemPolicy",
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketPolicy:BucketPolicy",
)
_RESOURCES: Final = tuple(one for one in RESOURCE_TYPES if one not in _ELSEWHERE)
# With these on everything their holder gives itself the rest. Source: Rhino Security Labs, "AWS IAM Privilege
# Escalation: Methods and Mitigation".
_ESCALATES: Final = (
    "iam:PassRole",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:AttachGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:PutGroupPolicy",
    "iam:CreatePolicyVersion",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:CreateAccessKey",
    "sts:AssumeRole",
)
# Their actions take no resource, so `*` is the only one there is. Source: Service Authorization Reference.
_WITHOUT_RESOURCES: Final = ("ssmmessages", "ec2messages", "pricing", "ce", "xray", "tag", "health", "trustedadvisor")
_EVERYTHING: Final = re.compile(r"\*+|arn:\*(?::\*)*|arn:[\w*-]*:[\w*-]+:[\w*-]*:[\d*]*:\*")
_ANY_ROLE: Final = re.compile(r"arn:[\w*-]*:(?:iam|\*):[\w*-]*:[^:]*:(?:role/\*+|\*+)")
_SYMBOL: Final = re.compile(r"\$\{[^{}]*\}")


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """A key's policy that gives the key to its own account is normal: without it IAM policies don't reach the key."""
    for arn in _attached(resource):
        if _ADMINISTRATORS.fullmatch(arn.text() or ""):
            yield Violation(arn, f"attaches {(arn.text() or '').rpartition('/')[2]}")
    if resource.type in RBAC_TYPES:
        yield from given_away(resource)
        return
    for cluster in parallelcluster.clusters(resource):
        yield from _buckets(cluster)
    for statement in statements(resource):
        if statement.allows:
            yield from _JUDGES[statement.kind](statement)


def _buckets(cluster: Node) -> Iterator[Violation]:
    """What becomes s3:* on the buckets named. Source: ParallelCluster, templates/cdk_builder_utils.py."""
    for part in parallelcluster.machines(cluster):
        for access in part.node.each("Iam", "S3Access"):
            bucket = access.at("BucketName")
            every = (bucket.text() or "").strip("*") == "" and (access.text("KeyName") or "*").strip("*/") == ""
            if every and bucket.present and access.flag("EnableWriteAccess", default=False):
                yield Violation(bucket, f"allows {part} s3:* on every bucket")


def _attached(resource: Subject) -> Iterator[Node]:
    for cluster in parallelcluster.clusters(resource):
        for part in parallelcluster.machines(cluster):
            yield from (one.at("Policy") for one in part.node.each("Iam", "AdditionalIamPolicies"))
    yield from attached(resource)


def _identity(statement: Statement) -> Iterator[Violation]:
    actions = statement.at.at("Action")
    if any(action in ("*", "*:*") for action in statement.actions):
        yield Violation(actions, "allows every action")
        return
    named = [_SYMBOL.sub("0", one) for one in statement.resources]
    everything = bool(statement.not_resources) or any(_EVERYTHING.fullmatch(one) for one in named)
    if statement.not_actions and everything:
        left = ", ".join(statement.at.texts("NotAction"))
        yield Violation(statement.at.at("NotAction"), f"allows every action but {left}, on everything")
        return
    any_role = everything or any(_ANY_ROLE.fullmatch(one) for one in named)
    for action in statement.actions:
        service, _, verb = action.partition(":")
        if not verb.strip("*") and ((service == "iam" and any_role) or (everything and _whole(service, statement))):
            yield Violation(actions, f"allows {action} on {_told(statement)}")
            return
    found = next((action for action in _ESCALATES if any_role and statement.grants(action)), None)
    # Who passes a role chooses one, to whichever service; the others are held by a permissions boundary at least.
    if found and (found == "iam:PassRole" or not statement.conditions):
        yield Violation(actions, f"allows {found} on {_told(statement)}, and so every right of any role")


def _whole(service: str, statement: Statement) -> bool:
    return service not in _WITHOUT_RESOURCES and not statement.conditions


def _resource(statement: Statement) -> Iterator[Violation]:
    if statement.at.subject is None or statement.at.subject.type not in _RESOURCES:
        return
    if statement.everyone and all(map(says_nothing, statement.conditions)):
        told = "no condition says who" if statement.conditions else "under no condition"
        yield Violation(statement.at.at("Principal"), f"allows everybody in every account, {told}")


def _trust(statement: Statement) -> Iterator[Violation]:
    if statement.everyone and not any(map(says_who, statement.conditions)):
        yield Violation(statement.at.at("Principal"), "trusts everybody in every account")
    for at, message in untrusted(statement):
        yield Violation(at, message, _TRUST_FIX)


def _told(statement: Statement) -> str:
    return ", ".join(statement.resources) or f"everything but {', '.join(statement.not_resources)}"


_JUDGES: Final = {
    DocumentKind.IDENTITY: _identity,
    DocumentKind.RESOURCE: _resource,
    DocumentKind.TRUST: _trust,
}
_TRUST_FIX: Final = (
    'Conditions {"StringEquals": {"ISSUER:aud": "sts.amazonaws.com", "ISSUER:sub": "repo:ORG/REPO:environment:NAME"}};'
    " for pods the subject is system:serviceaccount:NAMESPACE:NAME, or better a Pod Identity association."
)

RULE: Final = ResourceRule(
    id="HERD-059",
    name="no-wildcard-admin",
    pack="security",
    title="Nobody may do everything; OIDC trust names one repository and one environment",
    severity=everywhere(Severity.CRITICAL),
    types=tuple(dict.fromkeys((*IDENTITY_TYPES, *ATTACHING_TYPES, *_RESOURCES, *parallelcluster.TYPES, *RBAC_TYPES))),
    properties=("policy", "assumeRolePolicy", "inlinePolicies", "managedPolicyArns", "policyArn", "rules", "subjects"),
    why=(
        "A role that may do everything makes each pod, node or pipeline that holds it the account's owner, and a"
        " cluster's administrator holds each of its secrets and nodes; a trust that names no repository or environment"
        " gives the role to every fork and every branch."
    ),
    fix=(
        "Name the actions and the resources; iam:PassRole names one role's ARN, with a condition on"
        " iam:PassedToService."
    ),
    mappings={
        "checkov": (
            "CKV_AWS_60",
            "CKV_AWS_62",
            "CKV_AWS_63",
            "CKV_AWS_274",
            "CKV_AWS_355",
            "CKV_AWS_358",
            "CKV_AWS_393",
            "CKV_K8S_49",
        ),
        "fsbp": ("IAM.1",),
        "cis": ("2.14",),
    },
    check=check,
)
