"""What a real cloud does to its callers: throttling, outages, lost answers, stale reads, no capacity, nobody there."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from herd.cloud.faults import Fault
from herd.cloud.provider.client import Patience
from herd.cloud.provider.errors import AbsentError, LostError, PartialError, RefusedError, UnreachableError
from herd.cloud.provider.resources import Provider
from herd.cloud.provider.rows import ROWS


@pytest.fixture
def fault(cloud):
    """Sets faults for one test."""

    def set_(*faults):
        cloud.faults.clear()
        cloud.faults.add(*faults)

    yield set_
    cloud.faults.clear()


def test_throttling_of_every_third_call_is_waited_out(world, fault):
    fault(Fault("throttle", every=3))

    world.example("RouteTable")
    world.example("BucketPolicy")

    assert world.warnings == []


def test_an_outage_of_every_fourth_call_is_waited_out(world, fault):
    for name in ("Role", "Repository"):
        world.example(name)
    fault(Fault("unavailable", every=4))

    for number in (3, 4):
        world.example(f"Role#{number}")
        world.example(f"SecurityGroup#{number}")


def test_throttling_without_end_fails_in_bounded_time(world, fault):
    fault(Fault("throttle", service="iam"))
    started = time.monotonic()

    with pytest.raises(RefusedError, match="Throttling"):
        world.example("Role#9")

    assert time.monotonic() - started < 5


# Everything whose creation could be sent twice, and how many the cloud lists afterwards.
CREATES = {
    "Vpc": ("ec2", "CreateVpc", "describe_vpcs", "Vpcs"),
    "Subnet": ("ec2", "CreateSubnet", "describe_subnets", "Subnets"),
    "InternetGateway": ("ec2", "CreateInternetGateway", "describe_internet_gateways", "InternetGateways"),
    "Eip": ("ec2", "AllocateAddress", "describe_addresses", "Addresses"),
    "NatGateway": ("ec2", "CreateNatGateway", "describe_nat_gateways", "NatGateways"),
    "RouteTable": ("ec2", "CreateRouteTable", "describe_route_tables", "RouteTables"),
    "SecurityGroup": ("ec2", "CreateSecurityGroup", "describe_security_groups", "SecurityGroups"),
    "SecurityGroupEgressRule": (
        "ec2",
        "AuthorizeSecurityGroupEgress",
        "describe_security_group_rules",
        "SecurityGroupRules",
    ),
    "VpcEndpoint": ("ec2", "CreateVpcEndpoint", "describe_vpc_endpoints", "VpcEndpoints"),
    "FlowLog": ("ec2", "CreateFlowLogs", "describe_flow_logs", "FlowLogs"),
    "Key": ("kms", "CreateKey", "list_keys", "Keys"),
    "Role": ("iam", "CreateRole", "list_roles", "Roles"),
    "LogGroup": ("logs", "CreateLogGroup", "describe_log_groups", "logGroups"),
    "Bucket": ("s3", "CreateBucket", "list_buckets", "Buckets"),
    "Repository": ("ecr", "CreateRepository", "describe_repositories", "repositories"),
    "FileSystem": ("efs", "CreateFileSystem", "describe_file_systems", "FileSystems"),
    "AccessPoint": ("efs", "CreateAccessPoint", "describe_access_points", "AccessPoints"),
    "LustreFileSystem": ("fsx", "CreateFileSystem", "describe_file_systems", "FileSystems"),
    "DataRepositoryAssociation": (
        "fsx",
        "CreateDataRepositoryAssociation",
        "describe_data_repository_associations",
        "Associations",
    ),
    "Vault": ("backup", "CreateBackupVault", "list_backup_vaults", "BackupVaultList"),
    "Plan": ("backup", "CreateBackupPlan", "list_backup_plans", "BackupPlansList"),
}


@pytest.mark.parametrize("name", CREATES)
def test_an_answer_lost_after_a_create_makes_no_second_thing(world, cloud, fault, name):
    service, operation, listing, member = CREATES[name]
    token = world.type_named(name)
    world.prepare(token)
    given = world.resolved({**world.examples[token]["inputs"], **world.examples[token].get("alone", {})})
    before = len(getattr(world.client(service), listing)()[member])
    fault(Fault("lost", service=service, action=operation, times=1))

    made = world.make(token, given, f"lost-{name.lower()}")

    listed = getattr(world.client(service), listing)()[member]
    assert len(listed) - before == 1
    assert cloud.faults.wire()[0]["struck"] == 1, "the answer really was lost"
    assert world.drift(made) == []
    fault()
    world.provider.delete(made.urn, made.id, made.state, made.inputs)


def test_two_creates_at_once_with_equal_tags_are_told_apart_when_an_answer_is_lost(world, fault):
    from concurrent.futures import ThreadPoolExecutor

    before = len(world.client("ec2").describe_addresses()["Addresses"])
    fault(Fault("lost", service="ec2", action="AllocateAddress", every=2))

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: world.make("aws:ec2/eip:Eip", {"tags": {"same": "tag"}}, f"twin-{n}"), range(4)))

    assert len({each.id for each in made}) == 4
    assert len(world.client("ec2").describe_addresses()["Addresses"]) - before == 4


def test_a_create_whose_every_answer_is_lost_fails_and_says_so(world, fault):
    provider = Provider(world.provider.environment, replace(world.provider.patience, eventual=0.3))
    provider.configure({})
    urn = "urn:pulumi:dev::herd::aws:iam/role:Role::never"
    inputs = world.checked(urn, world.resolved(world.examples["aws:iam/role:Role"]["inputs"]))
    fault(Fault("lost", service="iam"))

    with pytest.raises(LostError, match="no answer came"):
        provider.create(urn, inputs, preview=False)


def test_a_name_that_was_taken_before_is_refused_not_adopted(world):
    role = world.example("Role")

    with pytest.raises(RefusedError, match="EntityAlreadyExists"):
        world.provider.create(f"{role.urn}-2", {**role.inputs}, preview=False)


@pytest.mark.parametrize("name", ["SecurityGroupIngressRule", "RouteTableAssociation", "AccessPoint"])
def test_what_was_just_made_may_be_invisible_for_a_while(world, fault, name):
    fault(Fault("stale", seconds=0.4))

    made = world.example(f"{name}#7") if name != "RouteTableAssociation" else _fresh_association(world)

    fault()
    assert world.drift(made) == []


def _fresh_association(world):
    token = world.type_named("Subnet")
    subnet = world.make(
        token, {**world.resolved(world.examples[token]["inputs"]), "cidrBlock": "10.0.112.0/20"}, "stale"
    )
    table = world.example("RouteTable#7")
    return world.make(
        world.type_named("RouteTableAssociation"), {"routeTableId": table.id, "subnetId": subnet.id}, "stale"
    )


def test_a_call_that_names_what_was_just_made_is_repeated_until_aws_has_heard_of_it(world, cloud, fault):
    vpc = world.example("Vpc#13")
    fault(Fault("error", service="ec2", action="CreateSubnet", code="InvalidVpcID.NotFound", times=3))

    subnet = world.make("aws:ec2/subnet:Subnet", {"vpcId": vpc.id, "cidrBlock": "10.0.0.0/20"}, "eventual")

    assert subnet.state["vpcId"] == vpc.id
    assert cloud.faults.wire()[0]["struck"] == 3


def test_a_mistaken_reference_fails_at_once(world):
    started = time.monotonic()

    with pytest.raises(AbsentError, match=r"InvalidVpcID\.NotFound"):
        world.make("aws:ec2/subnet:Subnet", {"vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.0.0.0/24"})

    assert time.monotonic() - started < 1


def test_no_capacity_is_one_clear_error_and_not_retried(world, cloud, fault):
    world.example("Eip")
    fault(Fault("error", service="ec2", action="AllocateAddress", code="InsufficientAddressCapacity", status=500))

    with pytest.raises(RefusedError, match="InsufficientAddressCapacity"):
        world.make("aws:ec2/eip:Eip", {})

    assert cloud.faults.wire()[0]["struck"] == 1


def test_what_was_made_but_not_completed_keeps_its_id_and_the_next_update_completes_it(world, fault):
    vpc, urn = world.example("Vpc"), "urn:pulumi:dev::herd::aws:ec2/internetGateway:InternetGateway::half"
    inputs = world.checked(urn, {"vpcId": vpc.id, "tags": {"Name": "half"}})
    fault(Fault("error", service="ec2", action="AttachInternetGateway", code="InvalidParameterValue"))

    with pytest.raises(PartialError) as caught:
        world.provider.create(urn, inputs, preview=False)

    assert caught.value.id.startswith("igw-")
    assert caught.value.properties["tags"] == {"Name": "half"}
    assert "AttachInternetGateway" in caught.value.reasons[0] or "attach_internet_gateway" in caught.value.reasons[0]
    fault()
    world.provider.delete(urn, caught.value.id, caught.value.properties, inputs)


def test_a_delete_waits_for_what_still_hangs_on_the_thing(world, fault):
    group = world.example("SecurityGroup#11")
    fault(Fault("error", service="ec2", action="DeleteSecurityGroup", code="DependencyViolation", times=3))

    world.provider.delete(group.urn, group.id, group.state, group.inputs)

    assert world.provider.read(group.urn, group.id, group.state, group.inputs)[0] == ""


def test_a_delete_that_stays_refused_fails_with_the_clouds_reason(world):
    bucket = world.example("Bucket#11")
    world.client("s3").put_object(Bucket=bucket.id, Key="checkpoint", Body=b"x")

    with pytest.raises(RefusedError, match="BucketNotEmpty"):
        world.provider.delete(bucket.urn, bucket.id, bucket.state, bucket.inputs)

    world.provider.delete(
        bucket.urn, bucket.id, {**bucket.state, "forceDestroy": True}, {**bucket.inputs, "forceDestroy": True}
    )
    assert world.provider.read(bucket.urn, bucket.id, bucket.state, bucket.inputs)[0] == ""


def test_nobody_at_the_endpoint_is_one_clear_error_in_bounded_time():
    provider = Provider({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, Patience(connect=0.3))
    started = time.monotonic()

    with pytest.raises(UnreachableError, match=r"nothing answers at http://127\.0\.0\.1:9"):
        provider.configure({})

    assert time.monotonic() - started < 3


@pytest.mark.parametrize("endpoint", ["", "https://ec2.us-east-1.amazonaws.com", "https://ec2.us-east-1.api.aws"])
def test_it_never_speaks_to_amazon(endpoint):
    with pytest.raises(RefusedError, match="AWS_ENDPOINT_URL"):
        Provider({"AWS_ENDPOINT_URL": endpoint}).configure({})


def test_every_row_can_tell_whether_a_lost_create_was_carried_out():
    assert [row.type for row in ROWS.values() if not row.natural and row.find is None] == []
