"""Pools fit the cluster, the subnets and the release of their stack."""

import pytest
from pydantic import TypeAdapter

from components.base.context import StackContext
from components.gpu_cluster import fit
from components.gpu_cluster.spec import Pools
from components.k8s_platform.spec import ClusterSpec
from components.network.spec import NetworkSpec
from components.release.spec import AmiPin, ReleaseSpec

CLUSTER = ClusterSpec.model_validate(
    {"access": {"deploy": {"principal": "arn:aws:iam::111122223333:role/deploy", "policy": "cluster-admin"}}}
)


def pool(kind="static", release="r", **generation):
    size = {"slices": [0]} if kind == "static" else {"maxNodes": 1}
    made = {
        "key": "g1-00000000",
        "release": release,
        "node": {"instanceTypes": ["m7i.large"], "image": "cpu"},
        **size,
        **generation,
    }
    bounds = {"nodesPerSlice": 2} if kind == "static" else {}
    return {
        "kind": kind,
        "capacity": {"kind": "on-demand"},
        "zones": ["us-west-2a"],
        "maxNodes": 4,
        "generations": [made],
        **bounds,
    }


def pools(**given):
    return TypeAdapter(Pools).validate_python(given)


def test_subnets_hold_every_pool_at_its_largest():
    network = {"managed": {"cidr": "10.16.0.0/16", "podCidr": "100.64.0.0/16", "nat": "single"}}
    assert [*fit.addresses_fit(pools(system=pool()), NetworkSpec.model_validate(network))] == []
    network["managed"]["subnets"] = {"pods": 24}
    network["managed"]["needs"] = [{"tier": "pods", "zone": "us-west-2a", "nodes": 1}]
    [(path, message, _)] = fit.addresses_fit(pools(system=pool()), NetworkSpec.model_validate(network))
    assert path == ("pools", "system", "maxNodes")
    # 110 pods take 7 prefixes of 16, one more is kept warm, one address is the interface's own: 4 nodes, and the need.
    assert message.startswith(
        f"{4 * (8 * 16 + 1) + 1} addresses are needed in a pods subnet in us-west-2a, a /24 offers"
    )


def around(**changes):
    context = StackContext(
        project="herd",
        stack="dev",
        environment="dev",
        account="111122223333",
        region="us-west-2",
        availability_zones=("us-west-2a",),
        tags={},
    )
    pin = AmiPin(id="ami-0123456789abcdef0", architecture="x86_64", provenance="vendor", recipe_hash=None)
    own = ReleaseSpec(name="r", sha256="0" * 64, amis={"cpu": pin}, images={}, charts={}, versions={})
    network = {"managed": {"cidr": "10.16.0.0/16", "podCidr": "100.64.0.0/16", "nat": "single"}}
    sound = {
        "cluster": CLUSTER,
        "network": NetworkSpec.model_validate(network),
        "reservations": {},
        "releases": {"r": own},
        "own": own,
        "context": context,
        "zone_ids": {},
    }
    return fit.Around(**{**sound, **changes})


def everything(given, **changes):
    return [path for path, _, _ in fit.everything(given, around(**changes), content=lambda *_: {})]


def test_a_run_asks_the_pools_the_subnets_and_the_cluster():
    small = {"managed": {"cidr": "10.16.0.0/16", "podCidr": "100.64.0.0/16", "nat": "single", "subnets": {"pods": 24}}}
    found = everything(pools(gpu=pool(slices=[0, 1, 2])), network=NetworkSpec.model_validate(small))
    assert ("pools", "gpu", "generations", 0, "slices") in found
    assert ("pools", "gpu", "maxNodes") in found
    assert ("cluster", "systemPool") in found
    assert ("release",) in found


def test_pools_have_a_cluster():
    assert ("pools",) in everything(pools(system=pool()), cluster=None)
    assert everything({}, cluster=None) == []


def test_without_a_release_there_is_no_cluster_to_ask():
    assert [path for path in everything(pools(gpu=pool()), own=None) if path[0] == "cluster"] == []


EXISTING = {
    "vpcId": "vpc-00000000000000001",
    "cidr": "10.0.0.0/16",
    "subnets": {"private": {"us-west-2a": "subnet-00000000000000001"}},
}
P5 = {"instanceTypes": ["p5.48xlarge"], "image": "cpu", "efa": True}


@pytest.mark.parametrize(
    ("kind", "node", "own", "shared"),
    [
        ("static", P5, [], []),
        # An address and EFA apart fill the first card, and Karpenter makes no interface that does both.
        ("elastic", P5, ["efa"], []),
        ("elastic", {**P5, "efa": False}, [], []),
        ("static", {**P5, "instanceTypes": ["hpc6id.32xlarge"]}, ["efa"], []),
        # 2 interfaces of 9 prefixes each beside the first one.
        ("static", {**P5, "instanceTypes": ["m7i.large"], "efa": False, "maxPods": 2 * 9 * 16 + 2}, [], []),
        ("static", {**P5, "instanceTypes": ["m7i.large"], "efa": False, "maxPods": 2 * 9 * 16 + 3}, ["maxPods"], []),
        ("static", {**P5, "instanceTypes": ["m7i.large"], "efa": False, "maxPods": 500}, ["maxPods"], ["maxPods"]),
        # Told elsewhere: no such type, no EFA.
        ("static", {**P5, "instanceTypes": ["p5.huge"]}, [], []),
        ("static", {**P5, "instanceTypes": ["g6.xlarge"]}, [], []),
    ],
)
def test_pods_have_a_place_and_addresses(kind, node, own, shared):
    for network, fields in (
        ({"managed": {"cidr": "10.16.0.0/16", "podCidr": "100.64.0.0/16", "nat": "single"}}, own),
        ({"existing": EXISTING}, shared),
    ):
        found = fit.pods_have_room(pools(gpu=pool(kind, node=node)), NetworkSpec.model_validate(network))
        assert [path for path, _, _ in found] == [("pools", "gpu", "generations", 0, "node", field) for field in fields]


def test_a_run_asks_whether_pods_have_a_place():
    assert ("pools", "gpu", "generations", 0, "node", "efa") in everything(pools(gpu=pool("elastic", node=P5)))
