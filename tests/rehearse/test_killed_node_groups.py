"""`kill -9` while node groups are being made, which takes minutes: what they become is named and can be adopted."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from herd.cloud import CloudServer
from herd.cloud.audit import enumerate as list_cloud
from herd.cloud.faults import Fault
from herd.cloud.provider.servicer import AwsServicer
from herd.engine import Backend, Engine, Program
from herd.recover.apply import Recovery
from herd.recover.match import orphans, pending_of

HERE = Path(__file__).parent
ACCOUNT, REGION = "210987654321", "us-east-2"
OWNER = {"project": "kill", "stack": "dev"}
SLICES = ("p5-g1-3f2a9c1e-0", "p5-g1-3f2a9c1e-1")
# Two slices of one generation, alike but for their names. Without AWS's SDK, which takes seconds to import.
PROGRAM = """
import pulumi

provider = pulumi.ProviderResource("aws", "aws", {{"region": "{region}"}})
for name in {slices}:
    pulumi.CustomResource("aws:eks/nodeGroup:NodeGroup", name, {props}, pulumi.ResourceOptions(provider=provider))
"""


@pytest.fixture
def cloud(monkeypatch):
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    with CloudServer(accounts=(ACCOUNT,)) as server:
        server.reset()  # moto's state is the process's: another module's cloud may have been here
        yield server


@pytest.fixture
def program(cloud, tmp_path):
    """The program's folder; its cluster is there."""
    ec2, eks, iam = (cloud.client(name, ACCOUNT, REGION) for name in ("ec2", "eks", "iam"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate("ab")
    ]
    trust = {"Principal": {"Service": ["eks.amazonaws.com", "ec2.amazonaws.com"]}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Statement": [{"Effect": "Allow", **trust}]})
    role = iam.create_role(RoleName="nodes", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    eks.create_cluster(name="main", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    props = {
        "clusterName": "main",
        "nodeRoleArn": role,
        "subnetIds": subnets[:1],
        "instanceTypes": ["m6i.large"],
        "scalingConfig": {"minSize": 2, "maxSize": 2, "desiredSize": 2},
        "tags": OWNER,
    }
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "__main__.py").write_text(PROGRAM.format(region=REGION, slices=SLICES, props=props))
    (folder / "Pulumi.yaml").write_text("name: kill\nruntime: python\n")
    return folder


def killed(cloud, program: Path, state: Path) -> None:
    """An `up` that is killed while EKS makes the groups; EKS doesn't notice and goes on."""
    cloud.faults.add(Fault("delay", service="eks", action="CreateNodegroup", seconds=2))
    job = {"verb": "up", "entry": 0, "delay": 0, "state": str(state), "program": str(program)}
    environment = {**os.environ, **cloud.environment(ACCOUNT, REGION), "HERD_PROVIDER_PATIENCE": "5"}
    with subprocess.Popen([sys.executable, str(HERE / "killed.py"), json.dumps(job)], env=environment) as process:
        until(lambda: cloud.requests["eks", "CreateNodegroup"] == len(SLICES))
        process.send_signal(signal.SIGKILL)
    cloud.faults.clear()
    eks = cloud.client("eks", ACCOUNT, REGION)
    until(lambda: len(eks.list_nodegroups(clusterName="main")["nodegroups"]) == len(SLICES))


def until(holds, seconds=60) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.mark.slow
def test_node_groups_are_named_adopted_and_known_from_then_on(cloud, program, tmp_path):
    state = tmp_path / "state"
    killed(cloud, program, state)
    backend = Backend(state, "kill", "dev", "rehearsal")
    deployment = backend.export_deployment()["deployment"]
    assert {row.urn.rpartition("::")[2] for row in pending_of(deployment)} == set(SLICES)

    environment = cloud.environment(ACCOUNT, REGION)
    left = orphans(deployment, list_cloud(cloud.endpoint, ACCOUNT, [REGION]), OWNER)
    named = {orphan.found.id: orphan.pending for orphan in left if orphan.found.type == "aws:eks/nodeGroup:NodeGroup"}
    assert len(named) == len(SLICES)
    for id_, pending in named.items():
        assert pending, f"nobody knows what {id_} is"
        assert id_.startswith(f"main:{pending.urn.rpartition('::')[2]}-"), "each belongs to the creation of its name"

    providers = {"aws": lambda: AwsServicer(environment)}
    recovery = Recovery(backend, providers)
    for orphan in left:
        recovery.adopt(orphan)
    outcome = Engine("kill", "dev", backend, providers, Program(program, program), {}).up()
    assert outcome.exit_code == 0, outcome.diagnostics
    assert not outcome.interrupted
    eks = cloud.client("eks", ACCOUNT, REGION)
    assert len(eks.list_nodegroups(clusterName="main")["nodegroups"]) == len(SLICES)
    assert {step.op for step in outcome.plan.changed()} <= {"create"}, "the stack and its provider alone"
    assert Engine("kill", "dev", backend, providers, None, {}).destroy().exit_code == 0
    assert eks.list_nodegroups(clusterName="main")["nodegroups"] == []
