"""Node groups without capacity, through the engine: which pools wait, which go on, and what heals them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from herd.cloud.faults import Fault
from herd.cloud.provider.servicer import AwsServicer
from herd.engine import Backend, Engine, Program

ACCOUNT, REGION = "210987654321", "us-east-2"
TYPES = {"cpu": "m6i.large", "gpu": "g6.xlarge", "big": "m6i.4xlarge"}
# The SDK of AWS takes seconds to import; the engine sees the same requests without it.
PROGRAM = """
import json, pulumi

given = json.loads(pulumi.Config().require("groups"))
for name, (props, options) in given.items():
    pulumi.CustomResource("aws:eks/nodeGroup:NodeGroup", name, {**props, "status": None, "resources": None},
                          pulumi.ResourceOptions(**options))
"""
MADE_ANEW = {"replace_on_changes": ["#initerror"], "delete_before_replace": True}


@dataclass
class Pools:
    """A stack of three node groups of one cluster."""

    cloud: Any
    folder: Path
    common: dict[str, Any]

    def client(self, service: str) -> Any:
        return self.cloud.client(service, ACCOUNT, REGION)

    def up(self, *, options: dict[str, Any] | None = None, taints: list[Any] | None = None, **how: Any) -> Any:
        groups = {
            name: [self.common | {"instanceTypes": [kind]} | ({"taints": taints} if taints else {}), options or {}]
            for name, kind in TYPES.items()
        }
        main = self.folder / "main.py"
        main.write_text(PROGRAM, encoding="utf-8")
        environment = self.cloud.environment(ACCOUNT, REGION) | {"HERD_PROVIDER_PATIENCE": "1"}
        engine = Engine(
            "pools",
            "dev",
            Backend(self.folder / "state", "pools", "dev", "passphrase"),
            {"aws": lambda: AwsServicer(environment)},
            Program(self.folder, main, preload=("pulumi",)),
            {"groups": json.dumps(groups), "aws:region": REGION},
        )
        return engine.up(**how)

    def status(self) -> dict[str, str]:
        """The states of the groups by the pool's name."""
        eks = self.client("eks")
        names = {"clusterName": self.common["clusterName"]}
        found = [
            eks.describe_nodegroup(**names, nodegroupName=each)["nodegroup"]
            for each in eks.list_nodegroups(**names)["nodegroups"]
        ]
        return {each["nodegroupName"].rpartition("-")[0]: each["status"] for each in found}

    def shortage(self) -> None:
        self.cloud.faults.add(Fault("shortage", instance_type="g6.*"))


@pytest.fixture(scope="module")
def ground(cloud):
    """A cluster for all tests of the module."""
    cloud.reset()
    ec2, eks, iam = (cloud.client(name, ACCOUNT, REGION) for name in ("ec2", "eks", "iam"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{'ab'[n]}")["Subnet"][
            "SubnetId"
        ]
        for n in range(2)
    ]
    trust = {"Principal": {"Service": ["eks.amazonaws.com", "ec2.amazonaws.com"]}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Statement": [{"Effect": "Allow", **trust}]})
    role = iam.create_role(RoleName="nodes", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    eks.create_cluster(
        name="main",
        roleArn=role,
        resourcesVpcConfig={"subnetIds": subnets},
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
    )
    sizes = {"minSize": 2, "maxSize": 2, "desiredSize": 2}
    return {"clusterName": "main", "nodeRoleArn": role, "subnetIds": subnets[:1], "scalingConfig": sizes}


@pytest.fixture
def pools(cloud, ground, tmp_path):
    cloud.faults.clear()
    yield Pools(cloud, tmp_path, ground)
    cloud.faults.clear()
    eks = cloud.client("eks", ACCOUNT, REGION)
    for each in eks.list_nodegroups(clusterName="main")["nodegroups"]:
        eks.delete_nodegroup(clusterName="main", nodegroupName=each)


def errors(outcome) -> list[tuple[str, str]]:
    return [(d.urn.rpartition("::")[2], d.message) for d in outcome.diagnostics if d.severity == "error"]


def test_a_pool_without_capacity_waits_with_the_reason_and_the_next_up_heals(pools):
    pools.shortage()
    outcome = pools.up(options=MADE_ANEW, continue_on_error=True)

    assert outcome.exit_code == 1
    assert pools.status() == {"cpu": "ACTIVE", "gpu": "CREATE_FAILED", "big": "ACTIVE"}
    ((pool, text), _) = errors(outcome)
    assert pool == "gpu"
    for part in (
        "main:gpu-",
        "CREATE_FAILED",
        "AsgInstanceLaunchFailures",
        "InsufficientInstanceCapacity",
        "g6.xlarge",
    ):
        assert part in text

    assert pools.up(options=MADE_ANEW, continue_on_error=True).exit_code == 1, "still none"
    assert pools.status()["gpu"] == "CREATE_FAILED"

    pools.cloud.faults.clear()
    healed = pools.up(options=MADE_ANEW)
    assert (healed.exit_code, healed.changes) == (0, {"same": 3, "replace": 1})
    assert [step.keys for step in healed.plan.changed() if step.name == "gpu"] == [("#initerror",)]
    assert pools.status() == dict.fromkeys(TYPES, "ACTIVE")
    assert pools.up(options=MADE_ANEW).changes == {"same": 4}


def test_without_the_option_the_next_up_is_content_with_a_group_that_failed(pools):
    """So it is with the real provider: an update without a difference asks AWS for nothing."""
    pools.shortage()
    assert pools.up(continue_on_error=True).exit_code == 1
    pools.cloud.faults.clear()
    again = pools.up()
    assert (again.exit_code, again.changes) == (0, {"same": 3, "update": 1})
    assert pools.status()["gpu"] == "CREATE_FAILED"


@pytest.mark.slow
def test_a_refresh_forgets_that_a_creation_failed(pools):
    """The provider reads a failed group as any other; `pulumi state taint` has it made anew then."""
    pools.shortage()
    pools.up(options=MADE_ANEW, continue_on_error=True)
    pools.cloud.faults.clear()
    assert pools.up(options=MADE_ANEW, refresh=True).exit_code == 0
    assert pools.status()["gpu"] == "CREATE_FAILED"


@pytest.mark.slow
def test_an_update_that_fails_has_a_living_group_made_anew_if_the_option_is_still_there(pools):
    """Why a group that is changed in place must not have the option in the run that changes it, nor in the next."""
    draining = [{"key": "herd.dev/draining", "value": "g1", "effect": "NO_SCHEDULE"}]
    pools.up(options=MADE_ANEW)
    refuse = {"service": "eks", "action": "UpdateNodegroupConfig", "code": "InvalidRequestException"}
    pools.cloud.faults.add(Fault("error", times=3, **refuse))
    assert pools.up(taints=draining, continue_on_error=True).exit_code == 1
    assert pools.up(taints=draining).changes == {"same": 1, "update": 3}

    pools.cloud.faults.add(Fault("error", times=3, **refuse))
    assert pools.up(options=MADE_ANEW, continue_on_error=True).exit_code == 1
    assert pools.up(options=MADE_ANEW).changes == {"same": 1, "replace": 3}
