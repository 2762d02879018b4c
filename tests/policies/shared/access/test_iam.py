"""Policy documents of every kind of resource read the same."""

import json

import pytest

from policies.engine.subject import Subject
from policies.engine.values import UNKNOWN, Reference, UnevaluatedError
from policies.rules._shared.access.iam import DocumentKind, documents, statements

ADMIN = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def role_policy(document, kind="aws:iam/rolePolicy:RolePolicy"):
    return Subject("urn", kind, "it", {"policy": document})


def only(statement):
    [found] = statements(role_policy({"Statement": [statement]}))
    return found


@pytest.mark.parametrize("document", [ADMIN, json.dumps(ADMIN)])
def test_text_and_map_single_values_and_lists(document):
    [statement] = statements(role_policy(document))
    assert statement.allows
    assert statement.actions == statement.resources == ("*",)
    assert statement.at.path[:2] == ("policy", "Statement")


def test_each_document_of_a_role():
    role = Subject(
        "urn", "aws:iam/role:Role", "it", {"assumeRolePolicy": json.dumps(ADMIN), "inlinePolicies": [{"policy": ADMIN}]}
    )
    assert [document.kind for document in documents(role)] == [DocumentKind.TRUST, DocumentKind.IDENTITY]
    assert list(documents(Subject("urn", "aws:iam/role:Role", "it", {}))) == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("aws:s3/bucketPolicy:BucketPolicy", "resource"),
        ("aws:kms/key:Key", "resource"),
        ("aws:iam/policy:Policy", "identity"),
    ],
)
def test_kinds(kind, expected):
    assert [statement.kind for statement in statements(role_policy(ADMIN, kind))] == [expected]


def test_grants_by_name_by_wildcard_and_by_leaving_out():
    assert only({"Effect": "Allow", "Action": ["iam:Pass*"]}).grants("iam:PassRole")
    assert only({"Effect": "Allow", "NotAction": "s3:*"}).grants("iam:PassRole")
    assert not only({"Effect": "Allow", "NotAction": ["iam:*"]}).grants("iam:PassRole")
    assert not only({"Effect": "Allow", "Action": "s3:GetObject"}).grants("iam:PassRole")
    assert not only({"Effect": "Deny", "Action": "*"}).allows


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::123456789012:root", "*"]}])
def test_everyone(principal):
    assert only({"Effect": "Allow", "Principal": principal}).everyone


def test_some_are_not_everyone_and_all_but_some_are():
    assert not only({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}).everyone
    assert only({"Effect": "Allow", "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:root"}}).everyone


def test_conditions_with_their_prefixes():
    test = {"ForAllValues:StringLikeIfExists": {"AWS:PrincipalTag/Team": "ml-*"}}
    [condition] = only({"Effect": "Allow", "Condition": test}).conditions
    assert (condition.operator, condition.every, condition.if_exists) == ("StringLike", True, True)
    assert (condition.key, condition.values) == ("aws:principaltag/team", ("ml-*",))


@pytest.mark.parametrize(
    "document",
    [UNKNOWN, Reference("${doc}", "invoke:aws:iam/getPolicyDocument:getPolicyDocument#1", "json"), "{}", "no JSON"],
)
def test_a_document_that_cannot_be_read_is_never_empty(document):
    with pytest.raises(UnevaluatedError):
        list(statements(role_policy(document)))
