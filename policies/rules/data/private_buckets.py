"""HERD-052: buckets are private and speak TLS only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared import buckets
from policies.rules._shared.access.iam import Statement, statements
from policies.rules._shared.access.who import says_who

ACL: Final = "aws:s3/bucketAcl:BucketAcl"
ACCESS_POINT: Final = "aws:s3/accessPoint:AccessPoint"
_OBJECTS: Final = (
    "aws:s3/bucketObject:BucketObject",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:s3/objectCopy:ObjectCopy",
)
_FOUR: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
# Source: S3, "Canned ACL" and "Amazon S3 predefined groups".
_OPEN_ACLS: Final = ("public-read", "public-read-write", "authenticated-read", "website")
_OPEN_GROUPS: Final = ("/groups/global/allusers", "/groups/global/authenticatedusers")


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """A bucket with everything around it; each part of it where it stands."""
    yield from _early(resource, facts)
    if resource.type == buckets.BUCKET:
        yield from _around(resource, stack)


def _early(resource: Subject, facts: Facts) -> Iterator[Violation]:
    props, type_ = resource.props, resource.type
    if type_ in (buckets.PUBLIC_ACCESS, buckets.ACCOUNT_ACCESS):
        yield from _four(props, default=False)
    elif type_ == ACCESS_POINT:
        yield from _four(props.at("publicAccessBlockConfiguration"), default=True)
    elif type_ == buckets.POLICY:
        yield from _public(resource)
        if not _refuses_plain(resource):
            yield _plain(props.at("policy"), "the policy doesn't refuse requests without TLS")
    else:
        yield from _acl(props)
        if type_ == buckets.BUCKET:
            yield from _public(resource)


def _around(bucket: Subject, stack: Stack) -> Iterator[Violation]:
    whole_account = stack.of_type(buckets.ACCOUNT_ACCESS)
    if not whole_account and not any(buckets.settings(stack, bucket, buckets.PUBLIC_ACCESS)):
        yield Violation(
            bucket.props,
            "no public access block guards the bucket",
            fix="Add a BucketPublicAccessBlock with all four settings true.",
        )
    if any(buckets.settings(stack, bucket, buckets.POLICY)):
        return
    inline = bucket.props.at("policy")
    if not inline.present:
        yield _plain(bucket.props, "no bucket policy refuses requests without TLS")
    elif not _refuses_plain(bucket):
        yield _plain(inline, "the policy doesn't refuse requests without TLS")


def _plain(at: Node, message: str) -> Violation:
    return Violation(
        at,
        message,
        fix="Deny s3:* to everybody on the bucket and its objects where aws:SecureTransport is false.",
    )


def _four(at: Node, *, default: bool) -> Iterator[Violation]:
    for key in _FOUR:
        setting = at.at(key)
        if not setting.flag(default=default):
            yield Violation(setting, f"{key} is {'false' if setting.present else 'absent, and false by default'}")


def _acl(props: Node) -> Iterator[Violation]:
    acl = props.at("acl")
    if (canned := (acl.literal() or "").lower()) in _OPEN_ACLS:
        yield Violation(acl, f"the ACL {canned} opens it to {'every AWS account' if 'auth' in canned else 'everybody'}")
    grants = [*props.each("grants"), *props.at("accessControlPolicy").each("grants")]
    for grant in grants:
        for uri in (grant.at("uri"), *(one.at("uri") for one in grant.each("grantee"))):
            if (group := uri.text() or "").lower().endswith(_OPEN_GROUPS):
                yield Violation(uri, f"a grant to {group.rpartition('/')[2]} opens it to everybody")


def _public(resource: Subject) -> Iterator[Violation]:
    for statement in statements(resource):
        if statement.allows and _anybody(statement) and not any(map(says_who, statement.conditions)):
            yield Violation(
                statement.at,
                f"allows {', '.join(statement.actions) or 'everything but some actions'} to everybody",
                fix="Name the principals, or the organisation (aws:PrincipalOrgID) or VPC endpoint they come through.",
            )


def _anybody(statement: Statement) -> bool:
    return bool(statement.not_principals) or any("*" in values for values in statement.principals.values())


def _refuses_plain(resource: Subject) -> bool:
    """Whether everybody is refused everything without TLS, on the bucket and on its objects."""
    whole, objects = False, False
    for statement in statements(resource):
        if statement.allows or not _anybody(statement) or not statement.grants("s3:*") or not _without_tls(statement):
            continue
        for one in (*statement.resources, *(["*"] if statement.not_resources else [])):
            objects = objects or one.endswith("*")
            whole = whole or not one.endswith("/*")
    return whole and objects


def _without_tls(statement: Statement) -> bool:
    # Services of AWS may be left out: AWS's own bucket policies for logs do.
    tests = [one for one in statement.conditions if one.key != "aws:principalisawsservice"]
    return len(tests) == 1 and any(
        one.key == "aws:securetransport"
        and one.operator.lower() in ("bool", "stringequals", "stringequalsignorecase")
        and [value.lower() for value in one.values] == ["false"]
        for one in tests
    )


RULE: Final = GraphRule(
    id="HERD-052",
    name="private-buckets",
    pack="data",
    title="Buckets are private and speak TLS only",
    severity=everywhere(Severity.CRITICAL),
    types=(
        buckets.BUCKET,
        buckets.PUBLIC_ACCESS,
        buckets.ACCOUNT_ACCESS,
        buckets.POLICY,
        ACL,
        ACCESS_POINT,
        *_OBJECTS,
    ),
    properties=(*_FOUR, "policy", "acl", "grants"),
    why=(
        "Checkpoints and datasets leak by one ACL, one statement for everybody or one request over plain HTTP. A public"
        " access block holds whatever anybody grants later, and a Deny without TLS holds for every client."
    ),
    fix="Block public access with all four settings, grant to named principals, deny requests without TLS.",
    mappings={
        "checkov": ("CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56"),
        "fsbp": ("S3.5", "S3.8"),
        "cis": ("3.1.1", "3.1.4"),
        "trivy": ("AWS-0086", "AWS-0087", "AWS-0091", "AWS-0093"),
    },
    check=check,
    early=_early,
)
