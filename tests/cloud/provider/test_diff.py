"""What counts as a difference, where it is, and whether it replaces the resource."""

from __future__ import annotations

import json
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herd.cloud.provider.compare import covers, same
from herd.cloud.provider.diff import KINDS, compare
from herd.cloud.provider.rows import ROWS
from herd.cloud.provider.wire import UNKNOWN, Secret

VPC, GROUP, SUBNET = "aws:ec2/vpc:Vpc", "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/subnet:Subnet"
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"


def diff(token, old, new, **options):
    return compare(token, ROWS.get(token), old, new, region="us-east-1", **options)


def test_equal_inputs_are_no_difference():
    assert diff(VPC, {"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.0.0.0/16"}).detailed == {}


def test_a_difference_has_its_path_and_kind():
    found = diff(
        VPC, {"tags": {"a": "1", "b": "2", "x.y": "z"}}, {"tags": {"a": "9", "c": "3"}, "enableDnsSupport": False}
    )

    assert found.detailed == {
        "tags.a": KINDS.UPDATE,
        "tags.b": KINDS.DELETE,
        'tags["x.y"]': KINDS.DELETE,
        "tags.c": KINDS.ADD,
        "enableDnsSupport": KINDS.ADD,
    }
    assert (found.replaces, found.changed) == (set(), ["enableDnsSupport", "tags"])


REPLACES = [
    (VPC, {"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.1.0.0/16"}, {"cidrBlock"}),
    (VPC, {"instanceTenancy": "dedicated"}, {"instanceTenancy": "default"}, set()),
    (VPC, {"instanceTenancy": "default"}, {"instanceTenancy": "dedicated"}, {"instanceTenancy"}),
    (VPC, {"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": UNKNOWN}, {"cidrBlock"}),
    (VPC, {}, {"region": "us-east-1"}, set()),
    (VPC, {}, {"region": "eu-west-1"}, {"region"}),
    (SUBNET, {"mapPublicIpOnLaunch": False}, {"mapPublicIpOnLaunch": True}, set()),
    (
        LUSTRE,
        {"storageCapacity": 1200, "deploymentType": "PERSISTENT_2"},
        {"storageCapacity": 2400, "deploymentType": "PERSISTENT_2"},
        set(),
    ),
    (
        LUSTRE,
        {"storageCapacity": 2400, "deploymentType": "PERSISTENT_2"},
        {"storageCapacity": 1200, "deploymentType": "PERSISTENT_2"},
        {"storageCapacity"},
    ),
    (
        LUSTRE,
        {"storageCapacity": 1200, "deploymentType": "SCRATCH_1"},
        {"storageCapacity": 2400, "deploymentType": "SCRATCH_1"},
        {"storageCapacity"},
    ),
    (
        LUSTRE,
        {"metadataConfiguration": {"mode": "USER_PROVISIONED", "iops": 12000}},
        {"metadataConfiguration": {"mode": "USER_PROVISIONED", "iops": 6000}},
        {"metadataConfiguration"},
    ),
    (
        LUSTRE,
        {"metadataConfiguration": {"mode": "USER_PROVISIONED", "iops": 6000}},
        {"metadataConfiguration": {"mode": "USER_PROVISIONED", "iops": 12000}},
        set(),
    ),
    (
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {"cidrIpv4": "10.0.0.0/8"},
        {"cidrIpv4": "10.0.0.0/16"},
        set(),
    ),
    (
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {"cidrIpv4": "10.0.0.0/8"},
        {"prefixListId": "pl-1"},
        {"cidrIpv4", "prefixListId"},
    ),
    (
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {"vpcEndpointType": "Interface", "privateDnsEnabled": False},
        {"vpcEndpointType": "Interface", "privateDnsEnabled": True},
        set(),
    ),
    (
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {"vpcEndpointType": "Gateway", "privateDnsEnabled": False},
        {"vpcEndpointType": "Gateway", "privateDnsEnabled": True},
        {"privateDnsEnabled"},
    ),
    ("aws:ssm/parameter:Parameter", {"tier": "Standard"}, {"tier": "Advanced"}, set()),
    ("aws:ssm/parameter:Parameter", {"tier": "Advanced"}, {"tier": "Standard"}, {"tier"}),
    (
        "aws:efs/accessPoint:AccessPoint",
        {"rootDirectory": {"path": "/a"}},
        {"rootDirectory": {"path": "/b"}},
        {"rootDirectory"},
    ),
    (
        "aws:backup/selection:Selection",
        {"selectionTags": [{"key": "a"}]},
        {"selectionTags": [{"key": "a"}, {"key": "b"}]},
        {"selectionTags"},
    ),
    ("aws:backup/plan:Plan", {"rules": [{"schedule": "a"}]}, {"rules": [{"schedule": "b"}]}, set()),
    ("aws:ecr/lifecyclePolicy:LifecyclePolicy", {"policy": "{}"}, {"policy": '{"rules": []}'}, {"policy"}),
    (
        "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
        {"rootVolumeConfiguration": {"copyTagsToSnapshots": True}},
        {"rootVolumeConfiguration": {"copyTagsToSnapshots": False}},
        {"rootVolumeConfiguration"},
    ),
    (
        "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
        {"rootVolumeConfiguration": {"recordSizeKib": 8}},
        {"rootVolumeConfiguration": {"recordSizeKib": 16}},
        set(),
    ),
]


@pytest.mark.parametrize(("token", "old", "new", "replaces"), REPLACES)
def test_what_replaces_and_what_does_not(token, old, new, replaces):
    assert diff(token, old, new).replaces == replaces


def test_a_nested_difference_that_replaces_is_marked_at_its_path():
    old, new = ({"rootDirectory": {"creationInfo": {"ownerUid": n}}} for n in (1, 2))

    assert diff("aws:efs/accessPoint:AccessPoint", old, new).detailed == {
        "rootDirectory.creationInfo.ownerUid": KINDS.UPDATE_REPLACE
    }


def test_where_nothing_is_known_a_change_may_replace():
    found = diff("aws:gamelift/fleet:Fleet", {"version": "1.33", "tags": {}}, {"version": "1.34", "tags": {"a": "b"}})

    assert (found.uncertain, found.replaces) == (["version"], {"version"})
    assert found.detailed["tags.a"] == KINDS.ADD

    # Known type, an input that the facts don't cover.
    assert diff(LUSTRE, {"efaEnabled": False}, {"efaEnabled": True}).uncertain == ["efaEnabled"]


def test_ignored_changes_are_left_alone():
    assert diff(VPC, {"cidrBlock": "a"}, {"cidrBlock": "b"}, ignore=["cidrBlock"]).detailed == {}


class TestDocuments:
    POLICY: ClassVar = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:Get*"], "Resource": "*"}],
    }

    def compare(self, other):
        return diff("aws:iam/rolePolicy:RolePolicy", {"policy": json.dumps(self.POLICY)}, {"policy": other}).detailed

    def test_a_document_that_says_the_same_is_no_difference(self):
        same_policy = {
            "Statement": {"Resource": ["*"], "Action": "s3:Get*", "Effect": "Allow"},
            "Version": "2012-10-17",
        }

        assert self.compare(json.dumps(same_policy, indent=2)) == {}

    def test_a_document_that_says_something_else_differs_as_a_whole(self):
        assert self.compare(json.dumps({**self.POLICY, "Version": "2008-10-17"})) == {"policy": KINDS.UPDATE}

    def test_what_is_no_json_is_compared_as_text(self):
        assert self.compare("not json") == {"policy": KINDS.UPDATE}


class TestSets:
    def test_another_order_is_no_difference(self):
        rules = [{"protocol": "tcp", "fromPort": 1, "toPort": 1}, {"protocol": "udp", "fromPort": 2, "toPort": 2}]

        assert diff(GROUP, {"ingress": rules}, {"ingress": rules[::-1]}).detailed == {}

    def test_only_what_left_or_came_is_named(self):
        assert diff(
            GROUP, {"ingress": [{"fromPort": 1}, {"fromPort": 2}]}, {"ingress": [{"fromPort": 2}, {"fromPort": 3}]}
        ).detailed == {"ingress[1].fromPort": KINDS.UPDATE}


class TestDeleteBeforeReplace:
    OLD: ClassVar = {"name": "x-1234567", "vpcId": "vpc-1", "__defaults": ["name"]}

    def test_a_made_name_allows_the_new_one_first(self):
        assert not diff(GROUP, self.OLD, {**self.OLD, "vpcId": "vpc-2"}).delete_first

    def test_a_fixed_name_does_not(self):
        fixed = {**self.OLD, "name": "fixed", "__defaults": []}
        assert diff(GROUP, fixed, {**fixed, "vpcId": "vpc-2"}).delete_first

    def test_without_a_replacement_it_says_nothing(self):
        fixed = {**self.OLD, "name": "fixed", "__defaults": []}
        assert not diff(GROUP, fixed, {**fixed, "tags": {"a": "b"}}).delete_first

    def test_some_types_always_delete_first(self):
        old, new = ({"repository": "r", "policy": json.dumps({"rules": [n]}), "__defaults": []} for n in (1, 2))
        assert diff("aws:ecr/lifecyclePolicy:LifecyclePolicy", old, new).delete_first


VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_every_value_is_the_same_as_itself_secret_or_not_and_covers_itself(value):
    assert same(value, value)
    assert same(Secret(value), value)
    assert covers(value, value)


@given(st.lists(VALUES, max_size=4), st.randoms())
def test_lists_are_sets_unless_their_order_matters(items, random):
    shuffled = list(items)
    random.shuffle(shuffled)

    assert same(items, shuffled)


@given(
    st.dictionaries(st.text(min_size=1, max_size=3), VALUES, max_size=4),
    st.dictionaries(st.text(min_size=4, max_size=5), VALUES, max_size=3),
)
def test_what_the_cloud_adds_does_not_matter(value, added):
    assert covers(value, {**added, **value})


def test_the_unknown_is_the_same_as_nothing():
    assert not same(UNKNOWN, UNKNOWN)
    assert not same(UNKNOWN, None)
