"""Bad inputs are refused before anything is planned, naming the property; names, defaults and tags are filled in."""

from __future__ import annotations

import pytest

from herd.cloud.provider.client import Patience
from herd.cloud.provider.naming import AutoName, auto_name
from herd.cloud.provider.resources import Provider
from herd.cloud.provider.tags import TagConfig
from herd.cloud.provider.wire import UNKNOWN, Secret

OFFLINE = Provider({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, Patience())
VPC = "aws:ec2/vpc:Vpc"
TRUST = '{"Version": "2012-10-17", "Statement": []}'


def check(token, news, olds=None, *, seed=b"seed", autonaming=None, tags=None):
    provider = Provider(OFFLINE.environment, tags=TagConfig(tags or {}))
    return provider.check(f"urn:pulumi:dev::herd::{token}::thing", olds or {}, news, seed, autonaming)


BAD = [
    (VPC, {"cidrBlok": "10.0.0.0/16"}, "cidrBlok", "unknown property"),
    (VPC, {"cidrBlock": ["10.0.0.0/16"]}, "cidrBlock", "expected string"),
    (VPC, {"enableDnsSupport": "perhaps"}, "enableDnsSupport", "expected boolean"),
    (VPC, {"instanceTenancy": "shared"}, "instanceTenancy", "enum"),
    (VPC, {"tags": ["a"]}, "tags", "expected a map"),
    ("aws:ec2/subnet:Subnet", {"cidrBlock": "10.0.0.0/24"}, "vpcId", "needs vpcId"),
    (
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {"vpcId": "vpc-1", "serviceName": "s", "vpcEndpointType": "Gate"},
        "vpcEndpointType",
        "enum",
    ),
    ("aws:ecr/repository:Repository", {"imageTagMutability": "FROZEN"}, "imageTagMutability", "enum"),
    ("aws:ecr/repository:Repository", {"name": "Upper/Case"}, "name", "pattern"),
    (
        "aws:ecr/repository:Repository",
        {"encryptionConfigurations": [{"encryptionType": "ROT13"}]},
        "encryptionConfigurations[0].encryptionType",
        "enum",
    ),
    (
        "aws:ecr/repository:Repository",
        {"imageScanningConfiguration": {"scanPush": True}},
        "imageScanningConfiguration.scanPush",
        "unknown property",
    ),
    (
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        {"subnetIds": "subnet-0123456789abcdef0", "deploymentType": "PERSISTENT_3", "storageCapacity": 1200},
        "deploymentType",
        "enum",
    ),
    (
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        {"subnetIds": "subnet-0123456789abcdef0", "storageCapacity": 1200, "perUnitStorageThroughput": 5},
        "perUnitStorageThroughput",
        "min",
    ),
    (
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        {"subnetIds": "subnet-0123456789abcdef0", "storageCapacity": 1200, "logConfiguration": {"level": "LOUD"}},
        "logConfiguration.level",
        "enum",
    ),
    ("aws:efs/fileSystem:FileSystem", {"performanceMode": "fast"}, "performanceMode", "enum"),
    ("aws:efs/fileSystem:FileSystem", {"provisionedThroughputInMibps": 0.5}, "provisionedThroughputInMibps", "min"),
    ("aws:kms/key:Key", {"keyUsage": "HIDE"}, "keyUsage", "enum"),
    ("aws:kms/alias:Alias", {"name": "alias/with space", "targetKeyId": "k"}, "name", "pattern"),
    ("aws:iam/role:Role", {"assumeRolePolicy": TRUST, "maxSessionDuration": 60}, "maxSessionDuration", "min"),
    ("aws:iam/role:Role", {"assumeRolePolicy": TRUST, "path": "nowhere"}, "path", "pattern"),
    (
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": "b", "rule": {"objectOwnership": "Nobody"}},
        "rule.objectOwnership",
        "enum",
    ),
    (
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": "b", "versioningConfiguration": {"status": "On"}},
        "versioningConfiguration.status",
        "enum",
    ),
    ("aws:backup/vault:Vault", {"name": "x"}, "name", "pattern"),
    (
        "aws:backup/selection:Selection",
        {"planId": "p", "iamRoleArn": "a", "selectionTags": [{"type": "EQUALS", "key": "k", "value": "v"}]},
        "selectionTags[0].type",
        "enum",
    ),
]


@pytest.mark.parametrize(("token", "news", "where", "why"), BAD, ids=lambda v: v if isinstance(v, str) else "")
def test_a_bad_input_is_refused_naming_the_property(token, news, where, why):
    failures = check(token, news).failures

    assert [(place, why in reason) for place, reason in failures] == [(where, True)]


def test_all_that_is_wrong_is_told_at_once():
    failures = check(VPC, {"cidrBlok": "x", "enableDnsSupport": "perhaps", "tags": 5}).failures

    assert sorted(place for place, _ in failures) == ["cidrBlok", "enableDnsSupport", "tags"]


def test_what_is_unknown_is_not_held_against_the_inputs():
    assert check("aws:ec2/subnet:Subnet", {"vpcId": UNKNOWN, "cidrBlock": UNKNOWN, "tags": UNKNOWN}).failures == []
    assert check("aws:iam/role:Role", {"assumeRolePolicy": UNKNOWN}).failures == []
    assert check("aws:ec2/flowLog:FlowLog", {"vpcId": UNKNOWN, "logDestination": UNKNOWN}).failures == []


def test_a_secret_is_checked_inside_and_stays_wrapped():
    assert check(VPC, {"instanceTenancy": Secret("shared")}).failures[0][0] == "instanceTenancy"
    assert check(VPC, {"cidrBlock": Secret("10.0.0.0/16")}).inputs["cidrBlock"] == Secret("10.0.0.0/16")


def test_defaults_are_filled_in_and_noted():
    inputs = check(VPC, {"cidrBlock": "10.0.0.0/16"}).inputs

    assert inputs == {
        "cidrBlock": "10.0.0.0/16",
        "enableDnsSupport": True,
        "instanceTenancy": "default",
        "__defaults": ["enableDnsSupport", "instanceTenancy"],
    }


def test_defaults_inside_a_block_are_filled_in_where_the_block_is_given():
    token = "aws:codebuild/project:Project"

    assert check(token, {"logsConfig": {"cloudwatchLogs": {}}}).inputs["logsConfig"] == {
        "cloudwatchLogs": {"status": "ENABLED"}
    }
    assert "logsConfig" not in check(token, {}).inputs


def test_default_tags_lie_beneath_the_resources_own():
    inputs = check(VPC, {"tags": {"team": "ml"}}, tags={"team": "all", "owner": "me"}).inputs

    assert inputs["tags"] == {"team": "ml", "owner": "me"}


def test_scalars_are_made_to_fit_as_the_bridge_does():
    inputs = check("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": "30", "skipDestroy": "true"}).inputs

    assert (inputs["retentionInDays"], inputs["skipDestroy"]) == (30, True)


class TestNames:
    def test_a_name_is_made_of_the_resources_and_seven_digits_by_the_seed(self):
        one, other = (
            check("aws:iam/role:Role", {"assumeRolePolicy": TRUST}, seed=s).inputs["name"] for s in (b"a", b"b")
        )

        assert one.startswith("thing-")
        assert len(one) == len("thing-") + 7
        assert one == check("aws:iam/role:Role", {"assumeRolePolicy": TRUST}, seed=b"a").inputs["name"]
        assert one != other

    def test_a_made_name_is_kept_by_updates_and_a_given_one_is_not(self):
        old = check("aws:iam/role:Role", {"assumeRolePolicy": TRUST}, seed=b"a").inputs
        assert check("aws:iam/role:Role", {"assumeRolePolicy": TRUST}, old, seed=b"b").inputs["name"] == old["name"]

        given = check("aws:iam/role:Role", {"assumeRolePolicy": TRUST, "name": "fixed"}).inputs
        assert check("aws:iam/role:Role", {"assumeRolePolicy": TRUST}, given).inputs["name"] != "fixed"

    def test_a_prefix_is_followed_by_the_digits(self):
        name = check("aws:iam/role:Role", {"assumeRolePolicy": TRUST, "namePrefix": "p-"}).inputs["name"]

        assert name.startswith("p-")
        assert len(name) == len("p-") + 7

    def test_buckets_are_lower_case_and_aliases_carry_their_prefix(self):
        assert auto_name(AutoName("bucket", longest=63, lower=True), "CheckPoints", b"x").startswith("checkpoints-")
        assert auto_name(AutoName(prefix="alias/"), "data", b"x").startswith("alias/data-")

    def test_a_name_too_long_for_the_bridge_is_refused(self):
        with pytest.raises(ValueError, match="longer than the 64 characters allowed"):
            auto_name(AutoName(longest=64), "x" * 57, b"x")

        token = "aws:iam/role:Role"
        provider, urn = OFFLINE, f"urn:pulumi:dev::herd::{token}::{'x' * 57}"
        failures = provider.check(urn, {}, {"assumeRolePolicy": TRUST}, b"seed", None).failures
        assert [place for place, _ in failures] == ["name"]

    def test_a_fifo_topic_ends_as_sns_demands(self):
        assert check("aws:sns/topic:Topic", {"fifoTopic": True}).inputs["name"].endswith(".fifo")

    def test_the_engines_proposal_is_taken_and_disabled_naming_asks_for_a_name(self):
        proposed = {"proposedName": "mine-1", "mode": "propose"}
        assert check("aws:iam/role:Role", {"assumeRolePolicy": TRUST}, autonaming=proposed).inputs["name"] == "mine-1"

        failures = check("aws:iam/role:Role", {"assumeRolePolicy": TRUST}, autonaming={"mode": "disable"}).failures
        assert ("name", "auto-naming is disabled and no name is given") in failures


def test_a_type_without_a_row_is_taken_as_it_is():
    assert check("aws:gamelift/fleet:Fleet", {"anything": 1}).inputs == {"anything": 1}
