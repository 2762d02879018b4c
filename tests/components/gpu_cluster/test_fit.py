"""Pools fit the cluster, the subnets and the release of their stack."""

import pytest
from pydantic import TypeAdapter

from components.gpu_cluster import fit
from components.gpu_cluster.spec import Pools
from components.k8s_platform.spec import ClusterSpec
from components.network.spec import NetworkSpec
from components.release.spec import ReleaseSpec

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


def test_pools_have_a_cluster_and_a_cluster_has_nodes_of_its_own():
    assert [*fit.a_cluster_to_join(pools(system=pool()), CLUSTER)] == []
    assert [*fit.a_cluster_to_join({}, None)] == []
    [(path, message, _)] = fit.a_cluster_to_join(pools(gpu=pool()), None)
    assert (path, message) == (("pools",), "there is no cluster for them")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"gpu": pool()}, ("cluster", "systemPool")),
        ({"system": pool("elastic")}, ("pools", "system", "kind")),
        ({"system": pool(slices=[])}, ("pools", "system", "generations")),
        ({"system": pool(phase="draining")}, ("pools", "system", "generations")),
        ({"system": pool(drainingSlices=[0])}, ("pools", "system", "generations")),
    ],
)
def test_the_platform_s_own_pods_have_somewhere_to_run(given, path):
    assert [at for at, _, _ in fit.a_cluster_to_join(pools(**given), CLUSTER)] == [path]


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


def test_kubelets_are_neither_newer_than_the_control_plane_nor_far_behind():
    def release(name, minor):
        return ReleaseSpec(
            name=name,
            sha256="0" * 64,
            amis={},
            images={},
            charts={},
            versions={"kubernetes": f"1.{minor}"},
        )

    releases = {"r": release("r", 35), "old": release("old", 31), "new": release("new", 36)}
    given = pools(a=pool(release="r"), b=pool(release="old"), c=pool(release="new"))
    assert [path for path, _, _ in fit.kubelets_fit(given, releases["r"], releases)] == [
        ("pools", "b", "generations", 0, "release"),
        ("pools", "c", "generations", 0, "release"),
    ]
    assert [*fit.kubelets_fit(given, None, releases)] == []
