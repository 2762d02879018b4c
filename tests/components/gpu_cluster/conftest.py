"""Pools as a stack file gives them, and what is registered for many of them in one run."""

import base64
import json

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pytest
from pydantic import TypeAdapter

from components.capacity.spec import Reservations
from components.gpu_cluster.component import GpuNodePool
from components.gpu_cluster.network import NodeNetwork
from components.gpu_cluster.spec import Pool
from components.k8s_platform.facts import ClusterFacts
from components.release.spec import AmiPin

KEY = "g1-0a1b2c3d"
OPTIONS = ("ignoreChanges", "customTimeouts", "replaceOnChanges", "deleteBeforeReplace")
RESERVED = {
    "open": {"kind": "open", "id": "cr-0000000000000000a", "instanceType": "g6e.12xlarge", "count": 4},
    "targeted": {"kind": "targeted", "id": "cr-0000000000000000b", "instanceType": "p5.48xlarge", "count": 4},
    "group": {
        "kind": "targeted",
        "group": "arn:aws:resource-groups:us-east-1:111122223333:group/p5",
        "instanceType": "p5.48xlarge",
        "placementGroup": "theirs",
        "count": 4,
    },
    "block": {
        "kind": "capacity-block",
        "id": "cr-0000000000000000c",
        "instanceType": "p5.48xlarge",
        "count": 4,
        "start": "2027-01-04T11:30:00Z",
        "end": "2027-01-18T11:30:00Z",
    },
}
COMPUTED = {
    "aws:ec2/launchTemplate:LaunchTemplate": {"defaultVersion": 1},
    "aws:eks/nodeGroup:NodeGroup": {"resources": [{"autoscalingGroups": [{"name": "the-auto-scaling-group"}]}]},
}
CLUSTER = {
    "name": "herd-prod-main",
    "arn": "arn:aws:eks:us-east-1:111122223333:cluster/herd-prod-main",
    "endpoint": "https://0123456789ABCDEF.gr7.us-east-1.eks.amazonaws.com",
    "certificate_authority": "Q0VSVElGSUNBVEU=",
    "service_cidr": "172.20.0.0/16",
    "kubernetes": "1.35",
    "security_group_id": "sg-0000000000000000c",
    "node_role_arn": "arn:aws:iam::111122223333:role/nodes",
    "node_role_name": "nodes",
    "node_instance_profile": "nodes-profile",
    "pods_have_subnets": True,
}


def reservations_of(**changes):
    """The stack's reservations, with fields of some changed."""
    data = {name: {"zone": "us-east-1a", **facts, **changes.get(name, {})} for name, facts in RESERVED.items()}
    data = {name: {key: value for key, value in facts.items() if value is not None} for name, facts in data.items()}
    return TypeAdapter(Reservations).validate_python(data)


def pool_of(kind="static", capacity="on-demand", node=None, generation=None, **fields):
    """A pool with one generation; `capacity` is a kind, or a kind and a reservation."""
    kind_of_capacity, _, reservation = capacity.partition(":")
    sizes = {"nodesPerSlice": 2, "maxNodes": 4} if kind == "static" else {"maxNodes": 4}
    slices = {"slices": [0]} if kind == "static" else {"maxNodes": 4}
    made = {
        "key": KEY,
        "release": "one-000000000000",
        "node": {"instanceTypes": ["p5.48xlarge"], "image": "eks-gpu", "efa": True, "devices": "device-plugin"}
        | (node or {}),
        **slices,
        **(generation or {}),
    }
    data = {
        "kind": kind,
        "capacity": {"kind": kind_of_capacity, **({"reservation": reservation} if reservation else {})},
        "zones": ["us-east-1a"],
        **sizes,
        "generations": [made],
        **fields,
    }
    return TypeAdapter(Pool).validate_python(data)


def image_of(**changes):
    """What a release has for an image."""
    facts = {"id": "ami-0123456789abcdef0", "architecture": "x86_64", "provenance": "recipe", "recipeHash": "0" * 64}
    return AmiPin.model_validate(facts | changes)


def decoded(registration):
    """The inputs of a registration, user data in the clear."""
    inputs = registration.inputs
    if "userData" not in inputs:
        return inputs
    return {**inputs, "userData": base64.b64decode(inputs["userData"]).decode()}


@pytest.fixture(scope="session")
def pool():
    """`pool("elastic", "spot", node={...}, generation={...}, ...)`: a pool with one generation."""
    return pool_of


@pytest.fixture(scope="session")
def image():
    """`image(id="ami-...")`: an image as a release has it."""
    return image_of


@pytest.fixture(scope="session")
def reservations():
    """`reservations(block={"end": ...})`: one reservation of each kind, with fields changed."""
    return reservations_of


@pytest.fixture
def build(record, make_context):
    """`build({name: pool or (pool, changes)}, preview=False)`: what is registered for pools, all in one run.

    Changes are `image`, `reservations`, `cluster` and `zones`, where they differ from the usual; a fact of the cluster
    may be a function of a resource that is made in the same run.
    """

    def run(pools, preview=False, environment="prod"):
        context = make_context(environment, region="us-east-1", availability_zones=("us-east-1a", "us-east-1b"))

        def program():
            cloud = aws.Provider("aws", region=context.region)
            plane = kubernetes.Provider("kubernetes", kubeconfig="{}")
            first = aws.iam.Role("first", assume_role_policy="{}", opts=pulumi.ResourceOptions(provider=cloud))
            charts = aws.iam.Role("charts", assume_role_policy="{}", opts=pulumi.ResourceOptions(provider=cloud))
            for name, asked in pools.items():
                spec, changes = asked if isinstance(asked, tuple) else (asked, {})
                zones = changes.get("zones", context.availability_zones)
                GpuNodePool(
                    name,
                    spec,
                    context,
                    cluster=ClusterFacts(
                        **{
                            field: value(first) if callable(value) else value
                            for field, value in (CLUSTER | changes.get("cluster", {})).items()
                        },
                        before_nodes=(first,),
                        before_elastic=(charts,),
                    ),
                    images={each.key: changes.get("image", image_of()) for each in spec.generations},
                    reservations=changes.get("reservations", reservations_of()),
                    network=NodeNetwork(
                        private_subnet_ids={zone: f"subnet-{zone}" for zone in zones},
                        node_security_group_id="sg-0000000000000000a",
                        efa_security_group_id="sg-0000000000000000e",
                        volume_key_arn="arn:aws:kms:us-east-1:111122223333:key/volumes",
                    ),
                    opts=pulumi.ResourceOptions(providers=[cloud, plane]),
                )

        return record(program, preview=preview, computed=COMPUTED)

    return run


@pytest.fixture(scope="session")
def shown():
    """`shown(recording, "p5")`: what a cloud is asked for in the name of a pool, as text."""

    def show(recording, name):
        own = [r for r in recording if r.custom and r.parent.endswith(f"GpuNodePool::{name}")]
        rows = [
            {
                "type": r.type,
                "name": r.name,
                "inputs": decoded(r),
                **{option: r.options[option] for option in OPTIONS if option in r.options},
            }
            for r in sorted(own, key=lambda r: (r.type, r.name))
        ]
        return json.dumps(rows, indent=1, sort_keys=True)

    return show
