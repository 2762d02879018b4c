"""How requests are told apart: signatures, services that share a name, what no model knows."""

import json
import urllib.error
import urllib.request

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from herd.cloud.accounts import access_key, account_of, credential_scope
from herd.cloud.staleness import _identifies, _other, _singular
from herd.cloud.wire import Answer, service_of


def test_a_presigned_url_acts_in_the_account_that_signed_it(cloud):
    s3 = cloud.server.client("s3", cloud.other, cloud.region, config=Config(signature_version="s3v4"))
    s3.create_bucket(Bucket="theirs-alone", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    s3.put_object(Bucket="theirs-alone", Key="a", Body=b"text")
    url = s3.generate_presigned_url("get_object", {"Bucket": "theirs-alone", "Key": "a"})
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"text"
    assert cloud.server.requests["s3", "GetObject"] == 1


@pytest.mark.parametrize("path", ["/nothing/of/ours", "/v1/unknown"])
def test_an_unsigned_request_to_nowhere_is_no_page_of_html(cloud, path):
    try:
        with urllib.request.urlopen(cloud.endpoint + path, timeout=10) as answer:
            body, status = answer.read(), answer.status
    except urllib.error.HTTPError as error:
        body, status = error.read(), error.code
    # moto takes it for a bucket's name: either way it is no answer of success, and none of HTML.
    assert status >= 400
    assert b"<html" not in body.lower()


def test_an_operation_no_model_knows_is_not_modelled(cloud):
    key = access_key(cloud.account)
    request = urllib.request.Request(
        cloud.endpoint,
        data=b"{}",
        headers={
            "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20261123/eu-west-1/kms/aws4_request, Signature=x",
            "X-Amz-Target": "TrentService.ExplodeKey",
            "Content-Type": "application/x-amz-json-1.1",
        },
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    assert caught.value.code == 501
    assert json.load(caught.value)["__type"] == "HerdNotModelled"


def test_services_that_are_signed_under_another_name():
    assert service_of("elasticfilesystem", {}, b"") == "efs"
    assert service_of("monitoring", {}, b"") == "cloudwatch"
    assert service_of("ec2", {}, b"") == "ec2"
    assert service_of("elasticloadbalancing", {}, b"Action=X&Version=2015-12-01") == "elbv2"
    assert service_of("elasticloadbalancing", {}, b"Action=X&Version=2012-06-01") == "elb"
    assert service_of("s3", {"PATH_INFO": "/v20180820/accesspoint"}, b"") == "s3control"
    assert service_of("s3", {"PATH_INFO": "/bucket/key"}, b"") == "s3"


@pytest.mark.parametrize(
    ("service", "operation"),
    [("elbv2", "describe_load_balancers"), ("elb", "describe_load_balancers"), ("cloudwatch", "list_metrics")],
)
def test_they_are_reached(cloud, service, operation):
    getattr(cloud.client(service), operation)()
    assert [asked for asked, _ in cloud.server.requests] == [service]


def test_a_missing_parameter_is_told_by_the_service(cloud):
    for service, operation, code in (
        ("ec2", "create_subnet", "MissingParameter"),
        ("iam", "create_role", "ValidationError"),
        ("kms", "describe_key", "ValidationException"),
        ("codebuild", "create_project", "InvalidInputException"),
    ):
        with pytest.raises(ClientError) as caught:
            getattr(cloud.client(service, unchecked=True), operation)()
        assert caught.value.response["Error"]["Code"] == code
        assert "Member must not be null" in caught.value.response["Error"]["Message"]


@given(st.text("0123456789", min_size=12, max_size=12))
def test_the_access_key_carries_the_account(account):
    key = access_key(account)
    assert account_of(key) == account
    # As AWS's own: 20 capitals and digits. moto reads no others.
    assert len(key) == 20
    assert key.isalnum()
    assert key.isupper()


NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1)


@given(key=NAMES, region=NAMES, service=NAMES, before=st.text(max_size=20))
def test_a_signature_says_who_where_and_what(key, region, service, before):
    header = f"{before}Credential={key}/20261123/{region}/{service}/aws4_request, SignedHeaders=host"
    assert credential_scope(header) == (key, region, service)


@pytest.mark.parametrize("header", ["", "AWS key:signature", "Credential=key/today/region/s3/aws4_request"])
def test_other_signatures_say_nothing(header):
    assert credential_scope(header) is None


IDENTIFIERS = st.from_regex(
    r"[a-z]{2,5}-[0-9a-f]{8,17}|[a-z/]{3,30}|arn:aws:kms:eu-west-1:[0-9]{12}:key/[0-9a-f-]{36}", fullmatch=True
)


@given(IDENTIFIERS)
def test_a_stand_in_for_an_identifier_is_another_of_the_same_shape(identifier):
    other = _other(identifier)
    assert len(other) == len(identifier)
    assert other != identifier or not any(char.isalnum() for char in identifier)
    for old, new in zip(identifier, other, strict=True):
        assert (old.isdigit(), old.isalpha(), old in "abcdef") == (new.isdigit(), new.isalpha(), new in "abcdef")


@pytest.mark.parametrize(
    ("plural", "noun"),
    [
        ("Vpcs", "Vpc"),
        ("Repositories", "Repository"),
        ("Addresses", "Address"),
        ("InternetGateways", "InternetGateway"),
        ("Key", "Key"),
    ],
)
def test_the_thing_an_operation_is_about(plural, noun):
    assert _singular(plural) == noun


@pytest.mark.parametrize(
    ("key", "noun", "its_own"),
    [
        ("VpcId", "Vpc", True),
        ("VpcId", "Subnet", False),
        ("Arn", "Role", True),
        ("MonitorArn", "AnomalyMonitor", True),
        ("ResourceARN", "FileSystem", True),
        ("AllocationId", "Address", True),
        ("KmsKeyId", "FileSystem", False),
        ("CidrBlock", "Vpc", False),
    ],
)
def test_which_identifiers_are_a_things_own(key, noun, its_own):
    assert _identifies(key, noun) is its_own


def test_an_answer_of_an_application_is_read_whole_and_closed():
    closed = []

    class Body(list):
        def close(self):
            closed.append(True)

    def app(_environ, start_response):
        start_response("201 Created", [("A", "b")])
        return Body([b"x", b"y"])

    answer = Answer.of(app, {})
    assert (answer.status, answer.headers, answer.body, closed) == (201, {"A": "b"}, b"xy", [True])
