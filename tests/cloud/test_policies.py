"""What is wrong with a policy is told in the service's words, wherever policies are stored."""

import json

import pytest

from herd.cloud import policies

ROLE = "arn:aws:iam::111122223333:role/nobody"
LINKED = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
GOOD = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}


def document(statement, version="2012-10-17"):
    return json.dumps({"Version": version, "Statement": statement})


def without(key):
    return {name: value for name, value in GOOD.items() if name != key}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "invalid Json"),
        ("[]", "Statement is missing"),
        ("{}", "Statement is missing"),
        (document([]), "Statement is missing"),
        (document(["x"]), "Statement is missing"),
        (document([GOOD], "2012-10-18"), "unknown Version"),
        (document([without("Effect")]), "Effect must be"),
        (document([{**GOOD, "Effect": "allow"}]), "Effect must be"),
        (document([without("Action")]), "required field Action"),
    ],
)
def test_documents_that_are_none(text, said):
    with pytest.raises(policies.PolicyError, match=said):
        policies.statements(text)


def test_a_single_statement_needs_no_list():
    assert policies.statements(document(GOOD)) == [GOOD]


@pytest.mark.parametrize(
    "principal",
    [
        {"Service": "ec2.amazonaws.com"},
        {"Service": ["ec2.amazonaws.com", "logs.eu-west-1.amazonaws.com"]},
        {"Service": "pods.eks.amazonaws.com"},
        {"AWS": "111122223333"},
        {"AWS": "arn:aws:iam::111122223333:root"},
        {"AWS": "arn:aws:iam::999988887777:role/in-an-account-nobody-uses-here"},
        {"AWS": LINKED},
        {"Federated": "arn:aws:iam::111122223333:oidc-provider/example.org"},
        {"AWS": "*"},
        "*",
    ],
)
def test_principals_that_can_be(cloud, principal):
    trust = document([{**GOOD, "Principal": principal}])
    cloud.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)


@pytest.mark.parametrize(
    "principal",
    [
        None,
        {},
        {"AWS": ROLE},
        {"AWS": "nobody"},
        {"AWS": "arn:aws:s3:::bucket"},
        {"Service": "ec2"},
        {"Service": "ec2.amazon.org"},
        {"Service": ["ec2.amazonaws.com", "ec2"]},
        {"Anybody": "x"},
        "everybody",
    ],
)
def test_principals_that_cannot_be(cloud, principal):
    statement = {**GOOD, "Principal": principal} if principal is not None else without("Principal")
    call = cloud.client("iam").create_role
    refused = cloud.refused(call, RoleName="r", AssumeRolePolicyDocument=document([statement]))
    assert refused == "MalformedPolicyDocument"
    assert cloud.client("iam").list_roles()["Roles"] == []


def test_a_role_that_is_there_can_be_trusted(cloud):
    trust = document([{**GOOD, "Principal": {"AWS": cloud.role("trusted")}}])
    cloud.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)


def test_a_trust_policy_names_no_resource(cloud):
    call = cloud.client("iam").create_role
    trust = document([{**GOOD, "Resource": "*"}])
    assert cloud.refused(call, RoleName="r", AssumeRolePolicyDocument=trust) == "MalformedPolicyDocument"


def test_a_changed_trust_policy_is_checked_too(cloud):
    cloud.role()
    call = cloud.client("iam").update_assume_role_policy
    assert cloud.refused(call, RoleName="role", PolicyDocument="{") == "MalformedPolicyDocument"


def test_a_key_policy_names_a_resource(cloud):
    statement = {"Effect": "Allow", "Action": "kms:*", "Principal": {"AWS": f"arn:aws:iam::{cloud.account}:root"}}
    call = cloud.client("kms").create_key
    assert cloud.refused(call, Policy=document([statement])) == "MalformedPolicyDocumentException"
    call(Policy=document([{**statement, "Resource": "*"}]))


def test_a_topics_policy_is_checked_when_it_is_made_and_when_it_is_changed(cloud):
    sns = cloud.client("sns")
    assert cloud.refused(sns.create_topic, Name="t", Attributes={"Policy": "{"}) == "InvalidParameter"
    topic = sns.create_topic(Name="t")["TopicArn"]
    wrong = {"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": "{"}
    assert cloud.refused(sns.set_topic_attributes, **wrong) == "InvalidParameter"
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="{")
