"""AWS's own protection is taken off as often as it is asked for, whatever the state believes."""

import pytest

from herd.cloud import CloudServer
from herd.rehearse.drill import unprotect

ACCOUNT, REGION = "111122223333", "us-east-2"


@pytest.fixture(scope="module")
def session():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        patch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
        with CloudServer(accounts=(ACCOUNT,)) as cloud:
            cloud.reset()  # moto's state is the process's: another module's cloud may have been here
            yield Session(cloud)


class Session:
    def __init__(self, cloud):
        self.cloud = cloud

    def client(self, service):
        return self.cloud.client(service, ACCOUNT, REGION)

    def protected_cluster(self):
        ec2, iam = self.client("ec2"), self.client("iam")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{'ab'[n]}")["Subnet"][
                "SubnetId"
            ]
            for n in range(2)
        ]
        trust = (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
            '"Principal": {"Service": "eks.amazonaws.com"}}]}'
        )
        role = iam.create_role(RoleName="eks", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.client("eks").create_cluster(
            name="main",
            roleArn=role,
            resourcesVpcConfig={"subnetIds": subnets, "endpointPrivateAccess": True},
            deletionProtection=True,
        )


def test_protection_is_taken_off_once_and_of_what_is_there(session):
    outputs = {"name": "main", "deletionProtection": True}
    cluster = {"type": "aws:eks/cluster:Cluster", "outputs": outputs}
    deployment = {"resources": [cluster, {"type": "aws:s3/bucket:Bucket", "outputs": {"name": "main"}}]}
    assert unprotect(session, deployment) == [], "there is no cluster"
    session.protected_cluster()
    assert unprotect(session, deployment) == ["deletion protection of cluster main taken off"]
    # The state still says that it is on: EKS refuses to take off what is off.
    assert unprotect(session, deployment) == []
    session.client("eks").delete_cluster(name="main")
