"""What is done behind Pulumi's back is seen by the next read, and what is gone reads as gone."""

from __future__ import annotations

import json

import pytest

# Example, what is done to it (service, operation, parameters from the made resource), the inputs that then differ.
DRIFT = [
    (
        "Vpc",
        "ec2",
        "modify_vpc_attribute",
        {"VpcId": "{id}", "EnableDnsSupport": {"Value": False}},
        ["enableDnsSupport"],
    ),
    ("Vpc", "ec2", "create_tags", {"Resources": ["{id}"], "Tags": [{"Key": "Name", "Value": "theirs"}]}, ["tags"]),
    ("Vpc", "ec2", "create_tags", {"Resources": ["{id}"], "Tags": [{"Key": "extra", "Value": "theirs"}]}, ["tags"]),
    (
        "Subnet#8",
        "ec2",
        "modify_subnet_attribute",
        {"SubnetId": "{id}", "MapPublicIpOnLaunch": {"Value": True}},
        ["mapPublicIpOnLaunch"],
    ),
    (
        "DefaultSecurityGroup",
        "ec2",
        "authorize_security_group_ingress",
        {
            "GroupId": "{id}",
            "IpPermissions": [
                {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            ],
        },
        ["ingress"],
    ),
    ("LogGroup", "logs", "put_retention_policy", {"logGroupName": "{id}", "retentionInDays": 1}, ["retentionInDays"]),
    ("Key", "kms", "disable_key_rotation", {"KeyId": "{id}"}, ["enableKeyRotation"]),
    ("Role", "iam", "update_role", {"RoleName": "{id}", "Description": "theirs"}, ["description"]),
    (
        "BucketVersioning",
        "s3",
        "put_bucket_versioning",
        {"Bucket": "{id}", "VersioningConfiguration": {"Status": "Suspended"}},
        ["versioningConfiguration"],
    ),
    (
        "BucketPublicAccessBlock",
        "s3",
        "put_public_access_block",
        {"Bucket": "{id}", "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
        ["blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"],
    ),
    ("Bucket", "s3", "delete_bucket_tagging", {"Bucket": "{id}"}, ["tags"]),
    (
        "Repository",
        "ecr",
        "put_image_tag_mutability",
        {"repositoryName": "{id}", "imageTagMutability": "MUTABLE"},
        ["imageTagMutability"],
    ),
    (
        "FileSystem",
        "efs",
        "put_lifecycle_configuration",
        {"FileSystemId": "{id}", "LifecyclePolicies": []},
        ["lifecyclePolicies"],
    ),
    (
        "LustreFileSystem",
        "fsx",
        "update_file_system",
        {"FileSystemId": "{id}", "LustreConfiguration": {"DataCompressionType": "NONE"}},
        ["dataCompressionType"],
    ),
]


def _filled(value, made):
    if isinstance(value, dict):
        return {key: _filled(item, made) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, made) for item in value]
    return value.replace("{id}", made.id) if isinstance(value, str) else value


def _own(world, name):
    """An example made for this test alone."""
    short, _, number = name.partition("#")
    token = world.type_named(short)
    world.prepare(token)
    given = dict(world.examples[token]["inputs"])
    if number:
        given["cidrBlock"] = f"10.0.{int(number) * 16}.0/20"
    return world.make(token, world.resolved(given), f"drift-{short.lower()}")


@pytest.mark.parametrize(
    ("name", "service", "operation", "params", "differs"), DRIFT, ids=lambda v: v if isinstance(v, str) else ""
)
def test_drift_is_seen_and_healed(world, name, service, operation, params, differs):
    made, provider = _own(world, name), world.provider
    assert world.drift(made) == []
    getattr(world.client(service), operation)(**_filled(params, made))

    _, outputs, seen = provider.read(made.urn, made.id, made.state, made.inputs)

    found = provider.diff(made.urn, seen, made.inputs, ())
    assert found.changed == differs
    assert found.replaces == set()
    made.state = provider.update(made.urn, made.id, outputs, seen, made.inputs, preview=False)
    assert world.drift(made) == [], "the update heals it"
    provider.delete(made.urn, made.id, made.state, made.inputs)


def test_a_route_removed_behind_our_back_is_gone(world):
    route = world.example("Route")
    world.client("ec2").delete_route(RouteTableId=route.state["routeTableId"], DestinationCidrBlock="0.0.0.0/0")

    assert world.provider.read(route.urn, route.id, route.state, route.inputs) == ("", {}, {})


def test_a_bucket_policy_removed_or_changed_behind_our_back_is_seen(world):
    policy = world.example("BucketPolicy")
    text = json.loads(policy.inputs["policy"])
    text["Statement"][0]["Action"] = "s3:Put*"
    world.client("s3").put_bucket_policy(Bucket=policy.id, Policy=json.dumps(text))
    assert world.drift(policy) == ["policy"]

    world.client("s3").delete_bucket_policy(Bucket=policy.id)
    assert world.provider.read(policy.urn, policy.id, policy.state, policy.inputs)[0] == ""


def test_a_document_written_in_another_order_is_no_drift(world):
    role = world.example("Role")
    text = json.loads(role.inputs["assumeRolePolicy"])
    shuffled = {"Statement": [dict(reversed(list(text["Statement"][0].items())))], "Version": text["Version"]}
    shuffled["Statement"][0]["Action"] = shuffled["Statement"][0]["Action"][::-1]
    world.client("iam").update_assume_role_policy(RoleName=role.id, PolicyDocument=json.dumps(shuffled))

    assert world.drift(role) == []


@pytest.mark.parametrize(
    "name",
    ["Vpc", "Subnet", "SecurityGroup", "FileSystem", "LustreFileSystem", "OpenZfsFileSystem", "Key", "Bucket", "Role"],
)
def test_reading_by_id_alone_gives_all_that_reading_with_state_gives(world, name):
    made = world.example(name)

    id_, outputs, inputs = world.provider.read(made.urn, made.id, {}, {})

    assert id_ == made.id
    told = {k: v for k, v in made.state.items() if k not in _pulumis_own(made)}
    assert {k: outputs.get(k) for k in told} == told
    assert inputs


def _pulumis_own(made):
    from herd.cloud.provider.rows import ROWS

    row = ROWS[made.urn.split("::")[2]]
    return {*row.fixed, *row.never_read, *row.documents}


def test_what_does_not_exist_reads_as_gone(world):
    vpc = world.example("Vpc")

    assert world.provider.read(vpc.urn, "vpc-0123456789abcdef0", {}, {}) == ("", {}, {})
