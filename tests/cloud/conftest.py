"""One stand-in cloud for each test module, emptied before each test."""

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from herd.cloud import CloudServer
from herd.cloud.faults import Fault

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "eu-west-1"


class Cloud:
    """The server with what tests do to it again and again."""

    account, other, region = ACCOUNT, OTHER, REGION

    def __init__(self, server):
        self.server = server
        self.endpoint = server.endpoint
        self._clients = {}

    def client(self, service, account=ACCOUNT, region=REGION, *, unchecked=False):
        """A boto3 client; `unchecked` sends parameters as they are, so that the server has to refuse them."""
        # Making a client costs a hundred times what a call does.
        key = service, account, region, unchecked
        if key not in self._clients:
            config = Config(parameter_validation=not unchecked)
            self._clients[key] = self.server.client(service, account, region, config=config)
        return self._clients[key]

    def fault(self, **rule):
        self.server.faults.add(Fault(**rule))

    def refused(self, call, *args, **params):
        """The error code that a call is refused with."""
        with pytest.raises(ClientError) as caught:
            call(*args, **params)
        return caught.value.response["Error"]["Code"]

    def network(self, zones=1):
        """A VPC with DNS, and a subnet in each of some zones."""
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{'abc'[n]}")["Subnet"][
                "SubnetId"
            ]
            for n in range(zones)
        ]
        return vpc, subnets

    def role(self, name="role", service="ec2.amazonaws.com"):
        trust = (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
            f'"Principal": {{"Service": "{service}"}}}}]}}'
        )
        return self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    def bucket(self, name="a-bucket-of-tests"):
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return name


# moto asks the environment each time it makes an account or a region. Most tests need neither the 1300 images nor the
# 1600 policies of AWS, and loading them takes longer than the tests.
LIGHT = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false", "MOTO_IAM_LOAD_MANAGED_POLICIES": "false"}


@pytest.fixture(scope="module")
def module_cloud():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in LIGHT.items():
            patch.setenv(name, value)
        with CloudServer(accounts=(ACCOUNT, OTHER)) as server:
            yield Cloud(server)


@pytest.fixture
def cloud(module_cloud):
    module_cloud.server.reset()
    return module_cloud
