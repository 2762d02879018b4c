"""Faults on purpose: what clients see, and that they end."""

import json
import threading
import time
import urllib.error
import urllib.request

import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

from components.base.problems import InvalidInputError
from herd.cloud import CloudServer
from herd.cloud.faults import Fault

# One call of each protocol: service, operation, parameters.
PROTOCOLS = {
    "ec2": ("ec2", "describe_vpcs", {}),
    "query": ("iam", "list_roles", {}),
    "json": ("kms", "list_keys", {}),
    "rest-json": ("efs", "describe_file_systems", {}),
    "rest-xml": ("s3", "list_buckets", {}),
}


def ask(cloud, protocol):
    service, operation, params = PROTOCOLS[protocol]
    return getattr(cloud.client(service), operation), params


@pytest.mark.parametrize(
    ("protocol", "code"),
    {
        "ec2": "RequestLimitExceeded",
        "query": "Throttling",
        "json": "ThrottlingException",
        "rest-json": "ThrottlingException",
        "rest-xml": "SlowDown",
    }.items(),
)
def test_throttling_speaks_each_protocols_language(cloud, protocol, code):
    cloud.fault(kind="throttle")
    call, params = ask(cloud, protocol)
    assert cloud.refused(call, **params) == code


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_service_that_is_down_answers_503(cloud, protocol):
    cloud.fault(kind="unavailable", times=1)
    call, params = ask(cloud, protocol)
    assert "Unavailable" in cloud.refused(call, **params)
    call(**params)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_any_error_of_a_service_can_be_asked_for(cloud, protocol):
    cloud.fault(kind="error", code="SomethingBroke", status=409, message="on purpose")
    call, params = ask(cloud, protocol)
    assert cloud.refused(call, **params) == "SomethingBroke"


def test_every_third_call_is_hit(cloud):
    cloud.fault(kind="throttle", service="ec2", every=3)
    ec2, hits = cloud.client("ec2"), []
    for _ in range(9):
        try:
            ec2.describe_vpcs()
            hits.append(False)
        except ec2.exceptions.ClientError:
            hits.append(True)
    assert hits == [False, False, True] * 3


def test_a_fault_hits_only_what_it_names(cloud):
    cloud.fault(kind="throttle", service="ec2", action="Create*")
    cloud.client("ec2").describe_vpcs()
    cloud.client("kms").create_key()
    assert cloud.refused(cloud.client("ec2").create_vpc, CidrBlock="10.0.0.0/16") == "RequestLimitExceeded"


def test_botocore_retries_what_is_injected(cloud):
    cloud.fault(kind="throttle", times=2)
    ec2 = cloud.server.client("ec2", region=cloud.region, config=Config(retries={"max_attempts": 3}))
    assert ec2.describe_vpcs()["ResponseMetadata"]["RetryAttempts"] == 2


def test_no_capacity_once_then_some(cloud):
    cloud.fault(kind="error", service="fsx", action="CreateFileSystem", code="InsufficientFileSystemCapacity", times=1)
    _, subnets = cloud.network()
    wanted = {
        "FileSystemType": "LUSTRE",
        "StorageCapacity": 1200,
        "SubnetIds": subnets,
        "LustreConfiguration": {"DeploymentType": "SCRATCH_2"},
    }
    fsx = cloud.client("fsx")
    assert cloud.refused(fsx.create_file_system, **wanted) == "InsufficientFileSystemCapacity"
    assert fsx.create_file_system(**wanted)["FileSystem"]["FileSystemId"].startswith("fs-")


def test_a_lost_answer_is_lost_after_the_call_has_run(cloud):
    cloud.fault(kind="lost", action="CreateKey", times=1)
    kms = cloud.client("kms")
    with pytest.raises(ConnectionClosedError):
        kms.create_key()
    assert len(kms.list_keys()["Keys"]) == 1
    kms.create_key()
    assert len(kms.list_keys()["Keys"]) == 2


def test_a_refused_call_runs_nothing(cloud):
    cloud.fault(kind="throttle", action="CreateKey", times=1)
    kms = cloud.client("kms")
    cloud.refused(kms.create_key)
    assert kms.list_keys()["Keys"] == []


def test_a_delay_delays(cloud):
    cloud.fault(kind="delay", action="ListKeys", seconds=0.2)
    start = time.monotonic()
    cloud.client("kms").list_keys()
    assert time.monotonic() - start >= 0.2


class TestStaleReads:
    """What was just created is not found for a while, in each service's own words."""

    def test_a_vpc(self, cloud):
        ec2 = cloud.client("ec2")
        cloud.fault(kind="stale", service="ec2", action="CreateVpc", seconds=0.5, times=1)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        assert cloud.refused(ec2.describe_vpcs, VpcIds=[vpc]) == "InvalidVpcID.NotFound"
        assert vpc not in [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]]
        time.sleep(0.5)
        assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["VpcId"] == vpc
        assert vpc in [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]]

    def test_the_error_names_what_was_asked_for(self, cloud):
        ec2 = cloud.client("ec2")
        cloud.fault(kind="stale", action="CreateVpc", seconds=30)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        with pytest.raises(ec2.exceptions.ClientError, match=vpc):
            ec2.describe_vpcs(VpcIds=[vpc])

    def test_what_is_in_it_can_be_made_and_seen(self, cloud):
        ec2 = cloud.client("ec2")
        cloud.fault(kind="stale", action="CreateVpc", seconds=30)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"] == vpc

    @pytest.mark.parametrize(
        ("service", "create", "read", "code"),
        [
            ("iam", None, ("get_role", {"RoleName": "role"}), "NoSuchEntity"),
            (
                "ecr",
                ("create_repository", {"repositoryName": "team/app"}),
                ("describe_repositories", {"repositoryNames": ["team/app"]}),
                "RepositoryNotFoundException",
            ),
            (
                "backup",
                ("create_backup_vault", {"BackupVaultName": "nightly"}),
                ("describe_backup_vault", {"BackupVaultName": "nightly"}),
                "ResourceNotFoundException",
            ),
            ("s3", None, ("head_bucket", {"Bucket": "a-bucket-of-tests"}), "404"),
            (
                "ssm",
                None,
                ("get_parameter", {"Name": "/a"}),
                None,
            ),
        ],
    )
    def test_named_things(self, cloud, service, create, read, code):
        cloud.fault(kind="stale", action="Create*", seconds=30)
        client = cloud.client(service)
        if create:
            getattr(client, create[0])(**create[1])
        elif service == "iam":
            cloud.role()
        elif service == "s3":
            cloud.bucket()
        else:
            # A put replaces: it is no creation, and seen at once.
            client.put_parameter(Name="/a", Type="String", Value="x")
        call = getattr(client, read[0])
        if code is None:
            call(**read[1])
        else:
            assert cloud.refused(call, **read[1]) == code

    def test_things_named_by_arn(self, cloud):
        cloud.fault(kind="stale", action="Create*", seconds=30)
        kms, sns = cloud.client("kms"), cloud.client("sns")
        key = kms.create_key()["KeyMetadata"]
        assert cloud.refused(kms.describe_key, KeyId=key["Arn"]) == "NotFoundException"
        assert cloud.refused(kms.describe_key, KeyId=key["KeyId"]) == "NotFoundException"
        topic = sns.create_topic(Name="alerts")["TopicArn"]
        assert cloud.refused(sns.get_topic_attributes, TopicArn=topic) == "NotFound"

    def test_things_our_own_extensions_keep(self, cloud):
        cloud.fault(kind="stale", action="Create*", seconds=30)
        _, subnets = cloud.network()
        fsx = cloud.client("fsx")
        system = fsx.create_file_system(FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=subnets)["FileSystem"]
        wanted = [system["FileSystemId"]]
        assert cloud.refused(fsx.describe_file_systems, FileSystemIds=wanted) == "FileSystemNotFound"
        assert fsx.describe_file_systems()["FileSystems"] == []
        cloud.server.faults.clear()
        assert fsx.describe_file_systems(FileSystemIds=wanted)["FileSystems"][0]["FileSystemId"] == wanted[0]

    def test_another_account_sees_its_own(self, cloud):
        cloud.fault(kind="stale", action="Create*", seconds=30, times=1)
        cloud.client("ecr").create_repository(repositoryName="app")
        theirs = cloud.client("ecr", cloud.other)
        theirs.create_repository(repositoryName="app")
        assert theirs.describe_repositories(repositoryNames=["app"])["repositories"]


class TestRefusedConnections:
    """Nobody listens for a while, then again on the same port."""

    def test_over_http(self):
        with CloudServer.spawn() as cloud:
            ec2 = cloud.client("ec2")
            ec2.describe_vpcs()
            cloud.control("refuse", {"seconds": 1})
            began = time.monotonic()
            assert any(_outcome(ec2) is EndpointConnectionError for _ in range(50))
            time.sleep(max(0, began + 1.2 - time.monotonic()))
            assert _outcome(ec2) is None


def _outcome(ec2):
    try:
        ec2.describe_vpcs()
    except (EndpointConnectionError, ConnectionClosedError) as error:
        # A connection that was waiting when the server stopped is closed; those after it are refused.
        return type(error)
    return None


class TestControlRoutes:
    """The same over HTTP, for tests in other processes."""

    def post(self, cloud, route, value=None, method="POST"):
        request = urllib.request.Request(
            f"{cloud.endpoint}/_herd/{route}",
            data=json.dumps(value).encode() if value is not None else None,
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def test_faults_are_added_told_and_ended(self, cloud):
        self.post(cloud, "faults", [{"kind": "throttle", "action": "CreateKey"}, {"kind": "delay", "seconds": 0.0}])
        cloud.refused(cloud.client("kms").create_key)
        told = self.post(cloud, "faults", method="GET")["faults"]
        assert [(each["kind"], each["struck"]) for each in told] == [("throttle", 1), ("delay", 1)]
        assert self.post(cloud, "faults", method="DELETE")["faults"] == []
        cloud.client("kms").create_key()

    def test_requests_are_counted(self, cloud):
        for _ in range(3):
            cloud.client("kms").list_keys()
        cloud.client("s3").list_buckets()
        assert self.post(cloud, "requests", method="GET") == {"kms.ListKeys": 3, "s3.ListBuckets": 1}

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ({"kind": "explode"}, "not one of"),
            ({"kind": "error"}, "needs the AWS error code"),
            ({"kind": "throttle", "evry": 2}, "unknown fields ['evry']"),
            ({"service": "ec2"}, "kind is missing"),
            ({"kind": "throttle", "every": 0}, "at least 1"),
            ("throttle", "expected an object"),
        ],
    )
    def test_a_fault_that_makes_no_sense_is_refused(self, cloud, value, said):
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.post(cloud, "faults", value)
        assert caught.value.code == 400
        assert said in json.load(caught.value)["error"]
        assert cloud.server.faults.wire() == []

    def test_a_route_there_is_not(self, cloud):
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.post(cloud, "explode")
        assert caught.value.code == 404


def test_a_fault_that_makes_no_sense_is_refused_in_python_too():
    with pytest.raises(InvalidInputError, match="not one of throttle") as caught:
        Fault("explode", every=0)
    assert len(caught.value.problems) == 2


def test_faults_in_force_from_the_start(module_cloud):
    with CloudServer(accounts=(module_cloud.account,), faults=[Fault("throttle", times=1)]) as server:
        kms = server.client("kms")
        with pytest.raises(kms.exceptions.ClientError, match="Rate exceeded"):
            kms.list_keys()
        kms.list_keys()


def test_many_clients_at_once_neither_break_it_nor_tear_a_check_from_its_change(cloud):
    """One of many that create the same thing wins; checks of ours and changes of moto's are one step."""
    outcomes = []

    def create():
        ecr = cloud.server.client("ecr", region=cloud.region)
        try:
            ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="k8s", upstreamRegistryUrl="registry.k8s.io")
            outcomes.append("made")
        except ecr.exceptions.PullThroughCacheRuleAlreadyExistsException:
            outcomes.append("there")

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made"] + ["there"] * 7
