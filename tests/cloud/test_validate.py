"""Every constraint of botocore's models: those botocore enforces, and those it only knows."""

import boto3
import pytest
from botocore.exceptions import ParamValidationError
from botocore.model import OperationNotFoundError
from hypothesis import given
from hypothesis import strategies as st

from herd.cloud.validate import FullValidationError, check, full_validate, install, violations

LUSTRE = {"FileSystemType": "LUSTRE", "SubnetIds": ["subnet-0123456789abcdef0"]}
TAGS = [{"Key": "a", "Value": "b"}]


def constraints(service, operation, params):
    return [(violation.path, violation.constraint) for violation in full_validate(service, operation, params)]


def test_a_good_call_has_no_violations():
    assert full_validate("fsx", "CreateFileSystem", {**LUSTRE, "StorageCapacity": 1200, "Tags": TAGS}) == []


SUBNET = {"VpcId": "vpc-1", "CidrBlock": 7}
ROTATION = {"KeyId": "k", "RotationPeriodInDays": True}
RETENTION = {"AutomaticBackupRetentionDays": 91}
# The pattern of a tag's key has \\p{L} and the like, which only `regex` compiles.
TAGGED = {"ResourceARN": "arn:aws:fsx:eu-west-1:111122223333:file-system/fs-1", "Tags": [{"Key": "a\n", "Value": ""}]}


@pytest.mark.parametrize(
    ("service", "operation", "params", "path", "constraint"),
    [
        ("fsx", "CreateFileSystem", {**LUSTRE, "FileSystemType": "NTFS"}, ".FileSystemType", "enum"),
        ("fsx", "CreateFileSystem", {**LUSTRE, "SubnetIds": ["subnet-0123456789abcdefX"]}, ".SubnetIds[0]", "pattern"),
        (
            "fsx",
            "CreateFileSystem",
            {**LUSTRE, "LustreConfiguration": RETENTION},
            ".LustreConfiguration.AutomaticBackupRetentionDays",
            "max",
        ),
        ("ecr", "CreateRepository", {"repositoryName": "a"}, ".repositoryName", "min"),
        ("ecr", "CreateRepository", {}, "", "required"),
        ("ecr", "CreateRepository", {"repositoryName": "ab", "tag": []}, "", "unknown"),
        ("ec2", "CreateSubnet", SUBNET, ".CidrBlock", "type"),
        ("kms", "EnableKeyRotation", ROTATION, ".RotationPeriodInDays", "type"),
        ("kms", "TagResource", {"KeyId": "k", "Tags": [{"TagKey": "a"}]}, ".Tags[0]", "required"),
        ("fsx", "TagResource", TAGGED, ".Tags[0].Key", "pattern"),
    ],
)
def test_each_constraint_is_found_where_it_is(service, operation, params, path, constraint):
    assert constraints(service, operation, params) == [(f"{operation}{path}", constraint)]


def test_the_keys_and_values_of_a_map_are_checked():
    params = {"ResourceArn": "a", "Tags": {"k" * 300: 1}}
    assert constraints("backup", "TagResource", params) == [("TagResource.Tags." + "k" * 300, "type")]


def test_a_tagged_union_holds_exactly_one_member():
    both = {"static": {"statement": "x"}, "templateLinked": {"policyTemplateId": "t"}}
    params = {"policyStoreId": "s", "definition": both}
    assert ("CreatePolicy.definition", "union") in constraints("verifiedpermissions", "CreatePolicy", params)


def test_a_token_that_botocore_fills_in_may_be_missing():
    assert full_validate("efs", "CreateFileSystem", {}) == []


def test_an_operation_without_input_takes_nothing():
    assert [each.constraint for each in violations(None, {"a": 1}, "Op")] == ["unknown"]


def test_all_problems_are_told_at_once():
    with pytest.raises(FullValidationError) as caught:
        check("ecr", "CreateRepository", {"repositoryName": "A", "imageTagMutability": "MAYBE", "x": 1})
    message = str(caught.value)
    assert len(caught.value.violations) == 4
    for part in ("repositoryName", "imageTagMutability", "MAYBE", "unknown: x"):
        assert part in message


def test_an_unknown_operation_is_an_error_and_no_pass():
    with pytest.raises(OperationNotFoundError):
        full_validate("ecr", "CreateRepositories", {})


def test_installed_on_a_client_it_stops_the_call_before_it_is_sent(cloud):
    ecr = cloud.client("ecr")
    install(ecr)
    with pytest.raises(FullValidationError):
        ecr.create_repository(repositoryName="ab", imageTagMutability="MAYBE")
    # Code that handles botocore's own error handles this one.
    with pytest.raises(ParamValidationError):
        ecr.create_repository(repositoryName="UPPER")
    assert not cloud.server.requests
    ecr.create_repository(repositoryName="ab")
    assert cloud.server.requests == {("ecr", "CreateRepository"): 1}


def test_installed_on_a_session_it_reaches_every_client(cloud):
    session = boto3.Session("x", "y", region_name="eu-west-1")
    install(session)
    for service, call, params in (
        ("efs", "create_file_system", {"PerformanceMode": "fast"}),
        ("logs", "create_log_group", {"logGroupName": "no spaces"}),
    ):
        with pytest.raises(FullValidationError):
            getattr(session.client(service, endpoint_url=cloud.endpoint), call)(**params)
    assert not cloud.server.requests


KEYS = st.sampled_from(["VpcId", "CidrBlock", "TagSpecifications", "Tags", "Key"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner)))
def test_whatever_is_given_it_answers_and_never_breaks(value):
    params = value if isinstance(value, dict) else {"TagSpecifications": value}
    for violation in full_validate("ec2", "CreateSubnet", params):
        assert violation.constraint in {"required", "unknown", "type", "enum", "pattern", "min", "max", "union"}
        assert violation.path.startswith("CreateSubnet")
