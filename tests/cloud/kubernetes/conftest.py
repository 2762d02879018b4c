"""A stand-in cloud for the folder, and a cluster in it whose objects are fresh for each test."""

import json
from dataclasses import dataclass

import pytest

from herd.cloud import CloudServer
from herd.cloud.kubernetes import clusters
from herd.cloud.kubernetes.kinds import CRD, custom_kinds, known_kind
from herd.cloud.kubernetes.objects import Objects
from herd.cloud.kubernetes.provider.resources import Provider
from herd.cloud.provider.client import Patience

ACCOUNT, REGION = "111122223333", "eu-west-1"
QUICK = Patience(eventual=0.05, dependency=0.05, connect=0.5, first_wait=0.005, longest_wait=0.05)
LIGHT = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false", "MOTO_IAM_LOAD_MANAGED_POLICIES": "false"}

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "eks.amazonaws.com"}}],
}


@dataclass
class Cluster:
    """An EKS cluster as boto3 describes it, and ways to it."""

    cloud: CloudServer
    name: str

    @property
    def described(self):
        return self.cloud.client("eks", ACCOUNT, REGION).describe_cluster(name=self.name)["cluster"]

    @property
    def environment(self):
        return self.cloud.environment(ACCOUNT, REGION)

    def kubeconfig(self, *, arguments=(), **changes):
        """A kubeconfig as the platform's own: a token by `aws eks get-token`."""
        found = self.described
        server = {"server": found["endpoint"], "certificate-authority-data": found["certificateAuthority"]["data"]}
        words = ["--region", REGION, "eks", "get-token", "--cluster-name", self.name, "--output", "json", *arguments]
        command = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "aws", "args": words}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "it",
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "clusters": [{"name": "it", "cluster": {**server, **changes.get("cluster", {})}}],
            "users": [{"name": "it", "user": changes.get("user", {"exec": command})}],
        }

    def provider(self, said=None, **settings):
        """A provider configured for the cluster; what it says goes to `said`."""
        settings.setdefault("kubeconfig", json.dumps(self.kubeconfig()))
        warned = said if said is not None else []
        made = Provider(self.environment, QUICK, lambda _urn, text: warned.append(text))
        made.configure(settings)
        return made


@pytest.fixture(scope="module")
def module_cloud():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in LIGHT.items():
            patch.setenv(name, value)
        with CloudServer(accounts=(ACCOUNT,)) as server:
            yield server


@pytest.fixture(scope="module")
def module_cluster(module_cloud):
    ec2, iam = (module_cloud.client(each, ACCOUNT, REGION) for each in ("ec2", "iam"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{'ab'[n]}")["Subnet"][
            "SubnetId"
        ]
        for n in range(2)
    ]
    role = iam.create_role(RoleName="control-plane", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    eks = module_cloud.client("eks", ACCOUNT, REGION)
    eks.create_cluster(name="one", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    return Cluster(module_cloud, "one")


@pytest.fixture
def cluster(module_cluster):
    clusters._OBJECTS.clear()
    module_cluster.cloud.faults.clear()
    return module_cluster


@pytest.fixture
def objects():
    """An API server with nothing but what a new cluster has."""
    return Objects()


@pytest.fixture
def karpenter(objects):
    """The same with Karpenter's kinds."""
    definition = known_kind("apiextensions.k8s.io/v1", CRD)
    for kind in custom_kinds():
        if kind.group in {"karpenter.sh", "karpenter.k8s.aws"}:
            objects.create(definition, "", kind.definition())
    return objects
