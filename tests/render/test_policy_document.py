"""`aws.iam.get_policy_document` asks no cloud: a render answers with the document itself."""

import json

import pytest

from herd.graph import SECRET, UNKNOWN, Symbol
from herd.render.policy_document import policy_document


def document(**arguments):
    """The document for these arguments."""
    return json.loads(policy_document(arguments)["json"])


def test_a_statement_becomes_what_iam_reads():
    statement = {
        "sid": "Read",
        "actions": ["s3:GetObject", "s3:ListBucket"],
        "resources": ["arn:aws:s3:::data/&{aws:username}/*"],
        "conditions": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}],
    }

    assert document(statements=[statement]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetObject"],
                "Resource": "arn:aws:s3:::data/${aws:username}/*",
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            }
        ],
    }


@pytest.mark.parametrize(
    ("given", "principal"),
    [
        ([{"type": "Service", "identifiers": ["ec2.amazonaws.com"]}], {"Service": "ec2.amazonaws.com"}),
        ([{"type": "*", "identifiers": ["*"]}], "*"),
        ([{"type": "AWS", "identifiers": ["*"]}], {"AWS": "*"}),
        (
            [{"type": "AWS", "identifiers": ["1"]}, {"type": "AWS", "identifiers": ["2"]}],
            {"AWS": ["2", "1"]},
        ),
    ],
)
def test_principals(given, principal):
    (statement,) = document(statements=[{"actions": ["sts:AssumeRole"], "principals": given}])["Statement"]

    assert statement == {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}


def test_sources_come_before_and_overrides_take_the_place_of_their_sid():
    source = json.dumps({"Version": "2008-10-17", "Statement": {"Sid": "A", "Effect": "Allow", "Action": "a:*"}})
    override = json.dumps({"Statement": [{"Sid": "A", "Effect": "Deny", "Action": "a:*"}]})
    own = {"actions": ["b:Get"], "resources": ["*"]}

    found = document(sourcePolicyDocuments=[source], statements=[own], overridePolicyDocuments=[override])

    assert [(one["Effect"], one["Action"]) for one in found["Statement"]] == [("Deny", "a:*"), ("Allow", "b:Get")]
    assert found["Version"] == "2012-10-17"


@pytest.mark.parametrize(
    "arguments",
    [
        {"sourcePolicyDocuments": ["${urn:pulumi:dev::demo::aws:iam/policy:Policy::p.policy}"]},
        {"statements": [{"actions": [UNKNOWN]}]},
        {"statements": [{"actions": ["s3:*"], "resources": [SECRET]}]},
        {"statements": UNKNOWN},
        {"statements": [{"principals": [{"type": "AWS"}]}]},
    ],
)
def test_what_nobody_can_work_out_is_left_out(arguments):
    assert policy_document(arguments) == {}


@pytest.mark.parametrize("call", ["get_policy_document", "get_policy_document_output"])
def test_a_program_sees_the_document(project, only, call):
    graph = project.render(f"""
given = pulumi.InvokeOptions(provider=opts.provider)
seen = aws.iam.{call}(statements=[{{"actions": ["s3:*"], "resources": ["*"]}}], opts=given)
aws.iam.Policy("p", policy=seen.json, opts=opts)
""")

    policy = json.loads(only(graph, "aws:iam/policy:Policy").inputs["policy"])
    assert policy["Statement"] == [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]


def test_symbols_stay_within_the_document(project, only):
    graph = project.render("""
b = aws.s3.Bucket("b", opts=opts)
given = pulumi.InvokeOptions(provider=opts.provider)
seen = aws.iam.get_policy_document_output(statements=[{"actions": ["s3:*"], "resources": [b.arn]}], opts=given)
aws.iam.Policy("p", policy=seen.json, opts=opts)
""")
    bucket = only(graph, "aws:s3/bucket:Bucket").urn

    policy = json.loads(only(graph, "aws:iam/policy:Policy").inputs["policy"])
    assert policy["Statement"][0]["Resource"] == str(Symbol(bucket, "arn"))
