"""A cluster, pools and releases as a stack file and a lock give them."""

import copy

import pytest
from pydantic import TypeAdapter

from components.gpu_cluster.spec import Pools
from components.k8s_platform.spec import ClusterSpec
from components.network.spec import NetworkSpec
from components.release.spec import AmiPin, ReleaseSpec

DIGEST = "sha256:" + "0" * 64
ADDONS = {
    "vpc-cni": "v1.22.4-eksbuild.3",
    "kube-proxy": "v1.35.3-eksbuild.21",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "coredns": "v1.13.2-eksbuild.21",
    "aws-ebs-csi-driver": "v1.64.0-eksbuild.1",
    "metrics-server": "v0.9.0-eksbuild.6",
    "eks-node-monitoring-agent": "v1.7.0-eksbuild.1",
}
CHARTS = {
    "karpenter-crd": f"oci://public.ecr.aws/karpenter/karpenter-crd:1.14.1@{DIGEST}",
    "karpenter": f"oci://public.ecr.aws/karpenter/karpenter:1.14.1@{DIGEST}",
    "nvidia-device-plugin": f"https://nvidia.github.io/k8s-device-plugin/nvidia-device-plugin:0.20.0@{DIGEST}",
    "nvidia-dra-driver-gpu": (f"oci://registry.k8s.io/dra-driver-nvidia/charts/dra-driver-nvidia-gpu:0.5.0@{DIGEST}"),
    "aws-efa-k8s-device-plugin": f"https://aws.github.io/eks-charts/aws-efa-k8s-device-plugin:v0.5.30@{DIGEST}",
    "dcgm-exporter": f"https://nvidia.github.io/dcgm-exporter/helm-charts/dcgm-exporter:4.8.3@{DIGEST}",
}
CLUSTER = {
    "access": {"deployer": {"principal": "arn:aws:iam::111122223333:role/deployer", "policy": "cluster-admin"}},
}
PUBLIC = {"kind": "public", "cidrs": {"office": "198.51.100.0/24"}}
NODE = {"instanceTypes": ["m7i.xlarge"], "image": "eks-standard-x86-64"}
POOLS = {
    "system": {
        "kind": "static",
        "capacity": {"kind": "on-demand"},
        "zones": ["eu-west-1a", "eu-west-1b"],
        "nodesPerSlice": 2,
        "maxNodes": 4,
        "generations": [{"key": "g1-00000001", "release": "base", "slices": [0], "node": NODE}],
    },
    "train": {
        "kind": "static",
        "capacity": {"kind": "on-demand"},
        "zones": ["eu-west-1a"],
        "nodesPerSlice": 2,
        "maxNodes": 4,
        "generations": [
            {
                "key": "g1-00000002",
                "release": "base",
                "slices": [0],
                "node": {
                    "instanceTypes": ["p5.48xlarge"],
                    "image": "eks-nvidia-x86-64",
                    "efa": True,
                    "devices": "device-plugin",
                },
            }
        ],
    },
    "infer": {
        "kind": "elastic",
        "capacity": {"kind": "spot"},
        "zones": ["eu-west-1a"],
        "maxNodes": 4,
        "generations": [
            {
                "key": "g1-00000003",
                "release": "base",
                "maxNodes": 4,
                "node": {
                    "instanceTypes": ["g6.12xlarge"],
                    "image": "eks-nvidia-x86-64",
                    "devices": "device-plugin",
                },
            }
        ],
    },
}


def put(data, path, value):
    """A copy of nested data with one value changed (or taken away, with the value `...`)."""
    changed = copy.deepcopy(data)
    *way, last = path
    at = changed
    for part in way:
        at = at[part]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return changed


@pytest.fixture(scope="session")
def make_cluster():
    """`make_cluster(serviceCidr=...)`: a cluster as a stack file gives it."""

    def make(**changes):
        return ClusterSpec.model_validate({**CLUSTER, **changes}, by_alias=True, by_name=False)

    return make


@pytest.fixture(scope="session")
def make_pools():
    """`make_pools({path: value, ...})`: pools with some values changed."""
    adapter = TypeAdapter(Pools)

    def make(changes=()):
        data = POOLS
        for path, value in dict(changes).items():
            data = put(data, path, value)
        return adapter.validate_python(data, by_alias=True, by_name=False)

    return make


@pytest.fixture(scope="session")
def make_release():
    """`make_release("base", kubernetes="1.34", charts={...}, inside={...})`: a release with some of it changed."""

    def make(name="base", *, kubernetes="1.35", charts=None, addons=None, versions=None, inside=None):
        pin = AmiPin(
            id="ami-0123456789abcdef0",
            architecture="x86_64",
            provenance="recipe",
            recipe_hash="0" * 64,
            bill_of_materials=inside or {},
        )
        return ReleaseSpec(
            name=name,
            sha256="0" * 64,
            amis={"eks-nvidia-x86-64": pin, "eks-standard-x86-64": pin},
            images={},
            charts=CHARTS if charts is None else charts,
            addons=ADDONS if addons is None else addons,
            versions={"kubernetes": kubernetes, **(versions or {})} if kubernetes else dict(versions or {}),
        )

    return make


@pytest.fixture(scope="session")
def network():
    """A network of the stack's own, with an office as its peer."""
    managed = {
        "cidr": "10.20.0.0/16",
        "podCidr": "100.64.0.0/16",
        "nat": "single",
        "peers": {"office": "10.200.0.0/16"},
    }
    return NetworkSpec.model_validate({"managed": managed})


@pytest.fixture(scope="session")
def chart_of():
    """`chart_of("karpenter", "1.5.0")`: the charts of a release with another version of one."""

    def change(name, version):
        repository = CHARTS[name].partition("@")[0].rpartition(":")[0]
        return {**CHARTS, name: f"{repository}:{version}@{DIGEST}"}

    return change
