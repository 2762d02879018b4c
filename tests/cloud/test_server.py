"""The stand-in cloud as its callers see it: accounts, regions, gaps, and when a child process ends."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.exceptions import ClientError

from herd.cloud import CloudServer, extensions
from herd.cloud.accounts import access_key
from herd.cloud.errors import NOT_MODELLED, AwsError
from herd.cloud.extensions.s3 import _UNROUTED
from herd.cloud.wire import Call


def test_the_access_key_says_which_account_is_asked(cloud):
    assert cloud.client("sts").get_caller_identity()["Account"] == cloud.account
    assert cloud.client("sts", cloud.other).get_caller_identity()["Account"] == cloud.other


def test_a_foreign_access_key_acts_in_the_first_account(cloud):
    sts = boto3.client(
        "sts", endpoint_url=cloud.endpoint, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y"
    )
    assert sts.get_caller_identity()["Account"] == cloud.account


def test_an_access_key_is_only_made_for_an_account_number():
    with pytest.raises(ValueError, match="12 digits"):
        access_key("dev")


def test_accounts_and_regions_are_kept_apart(cloud):
    vpc = cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def seen(account, region):
        return vpc in [each["VpcId"] for each in cloud.client("ec2", account, region).describe_vpcs()["Vpcs"]]

    assert seen(cloud.account, cloud.region)
    assert not seen(cloud.other, cloud.region)
    assert not seen(cloud.account, "us-west-2")


def test_extensions_keep_accounts_and_regions_apart_too(cloud):
    rule = {"ecrRepositoryPrefix": "k8s", "upstreamRegistryUrl": "registry.k8s.io"}
    cloud.client("ecr").create_pull_through_cache_rule(**rule)
    for account, region in ((cloud.other, cloud.region), (cloud.account, "us-west-2")):
        assert cloud.client("ecr", account, region).describe_pull_through_cache_rules()["pullThroughCacheRules"] == []


def test_an_assumed_role_acts_in_its_own_account(cloud):
    arn = f"arn:aws:iam::{cloud.other}:role/deploy"
    keys = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], "eu-west-1")
    assert session.client("sts", endpoint_url=cloud.endpoint).get_caller_identity()["Account"] == cloud.other
    session.client("ecr", endpoint_url=cloud.endpoint).create_repository(repositoryName="theirs")
    assert cloud.client("ecr", cloud.other).describe_repositories()["repositories"][0]["repositoryName"] == "theirs"


def test_an_unknown_region_is_refused(cloud):
    assert cloud.refused(cloud.client("ec2", region="eu-nowhere-9").describe_vpcs) == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("ec2", "create_ipam", {}),  # ec2
        ("iam", "get_context_keys_for_custom_policy", {"PolicyInputList": ["{}"]}),  # query
        ("fsx", "describe_storage_virtual_machines", {}),  # json, service known
        ("efs", "describe_replication_configurations", {}),  # rest-json
        ("s3", "get_bucket_abac", {"Bucket": "some-bucket"}),  # rest-xml
        ("pcs", "list_clusters", {}),  # no such service at all
        ("eks", "list_insights", {"clusterName": "none"}),  # moto answers this path with a bare 404
        ("codebuild", "start_build", {"projectName": "p1"}),  # known here and not played
    ],
)
def test_what_is_not_modelled_is_said_so_and_is_no_absence(cloud, service, operation, params):
    with pytest.raises(ClientError) as caught:
        getattr(cloud.client(service), operation)(**params)
    error = caught.value.response
    assert error["Error"]["Code"] == NOT_MODELLED
    assert f"{service}." in error["Error"]["Message"]
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize("operation", sorted(_UNROUTED))
def test_a_bucket_is_not_taken_for_its_own_configuration(operation):
    """moto answers these with a list of objects, or by deleting the bucket."""
    call = Call("s3", operation, "111122223333", "eu-west-1", "", {}, {}, b"", "rest-xml", None, None)
    extensions.load("s3")
    (check,) = extensions.CHECKS["s3", operation]
    with pytest.raises(AwsError) as caught:
        check(call)
    assert caught.value.code == NOT_MODELLED


def test_deleting_a_configuration_of_a_bucket_does_not_delete_the_bucket(cloud):
    s3, bucket = cloud.client("s3"), cloud.bucket()
    assert cloud.refused(s3.delete_bucket_metrics_configuration, Bucket=bucket, Id="a") == NOT_MODELLED
    assert cloud.refused(s3.list_bucket_analytics_configurations, Bucket=bucket) == NOT_MODELLED
    s3.head_bucket(Bucket=bucket)


def test_a_bug_of_the_simulation_names_itself(cloud, monkeypatch):
    from moto.ec2.models.vpcs import VPCBackend

    def broken(*_, **__):
        raise RuntimeError("a bug")

    monkeypatch.setattr(VPCBackend, "describe_vpcs", broken)
    with pytest.raises(ClientError) as caught:
        cloud.client("ec2").describe_vpcs()
    assert caught.value.response["Error"]["Code"] == "HerdStandInFailed"
    assert "RuntimeError: a bug" in caught.value.response["Error"]["Message"]
    assert "test_server.py" in caught.value.response["Error"]["Message"]


def test_reset_leaves_nothing(cloud):
    ec2, ecr = cloud.client("ec2"), cloud.client("ecr")
    before = len(ec2.describe_vpcs()["Vpcs"])
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="k8s", upstreamRegistryUrl="registry.k8s.io")
    cloud.fault(kind="throttle")
    cloud.server.reset()
    assert len(ec2.describe_vpcs()["Vpcs"]) == before
    assert ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"] == []
    assert cloud.server.requests == {("ec2", "DescribeVpcs"): 1, ("ecr", "DescribePullThroughCacheRules"): 1}


def test_binary_objects_survive(cloud):
    s3, body = cloud.client("s3"), bytes(range(256)) * 40
    s3.put_object(Bucket=cloud.bucket(), Key="a/b c", Body=body)
    assert s3.get_object(Bucket="a-bucket-of-tests", Key="a/b c")["Body"].read() == body
    assert s3.head_object(Bucket="a-bucket-of-tests", Key="a/b c")["ContentLength"] == len(body)


def test_strict_switches_are_on(cloud, monkeypatch):
    monkeypatch.delenv("MOTO_EC2_LOAD_DEFAULT_AMIS")
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    # AWS's own policies are there, instance types and images are looked up.
    role = cloud.role()
    arn = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
    cloud.client("iam").attach_role_policy(RoleName="role", PolicyArn=arn)
    assert role.endswith(":role/role")
    run = cloud.client("ec2").run_instances
    assert cloud.refused(run, ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1) == "InvalidAMIID.NotFound"


OWNER = """
import subprocess, sys, time
from herd.cloud import CloudServer
cloud = CloudServer.spawn()
engine = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
engine.kill()
engine.wait()
print(cloud.pid, cloud.endpoint, flush=True)
time.sleep(60)
"""


class TestSpawned:
    """A server in a child process."""

    def test_serves_the_environment_it_gives_and_its_control_routes(self):
        with CloudServer.spawn(accounts=("777788889999",)) as cloud:
            code = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
            env = {**os.environ, **cloud.environment(region="eu-central-1")}
            done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
            assert done.stdout.strip() == "777788889999"
            assert cloud.control("requests", method="GET") == {"sts.GetCallerIdentity": 1}
            cloud.control("reset")
            assert cloud.control("requests", method="GET") == {}
        assert cloud.process.returncode == 0

    def test_says_why_it_did_not_start(self):
        with (
            CloudServer.spawn() as first,
            pytest.raises(RuntimeError, match=r"did not start: error: port \d+: Address already in use"),
        ):
            CloudServer.spawn(port=int(first.endpoint.rsplit(":", 1)[1]))

    def test_ends_when_its_owner_is_killed_but_not_with_its_owners_other_children(self):
        owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
        pid, endpoint = owner.stdout.readline().split()
        # Its owner has started and killed another child: the cloud is still there.
        with urllib.request.urlopen(f"{endpoint}/_herd/health", timeout=20) as answer:
            assert json.load(answer) == {"ok": True}
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and _answers(endpoint):
            time.sleep(0.05)
        assert not _answers(endpoint), f"process {pid} outlived its owner"

    def test_ends_when_nobody_asks_it_anything(self):
        with CloudServer.spawn(idle_seconds=0.1) as cloud:
            assert cloud.process.wait(20) == 0

    def test_ends_when_its_time_is_over_however_busy_it_is(self):
        with CloudServer.spawn(max_seconds=0.1) as cloud:
            assert cloud.process.wait(20) == 0


def _answers(endpoint):
    try:
        urllib.request.urlopen(f"{endpoint}/_herd/health", timeout=5).close()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return True
