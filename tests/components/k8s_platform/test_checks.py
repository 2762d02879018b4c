"""What must fit before a cluster is made: each problem at its field, with what to do."""

import pytest

from components.k8s_platform.checks import has_elastic, network_problems, problems, wanted_charts
from components.k8s_platform.known_bad import known_bad

SYSTEM = ("system", "generations", 0)
TRAIN = ("train", "generations", 0)


@pytest.fixture
def found(make_cluster, make_pools, make_release, make_context, network):
    """`found(pools={path: value}, cluster={...}, own={...}, older={...})`: path -> message."""

    def find(*, pools=(), cluster=None, own=None, older=None, environment="dev"):
        release = make_release(**(own or {}))
        releases = {"base": release, "older": make_release("older", **(older or {}))}
        return {
            path: message
            for path, message, fix in problems(
                make_cluster(**(cluster or {})),
                network,
                make_pools(pools),
                releases,
                own=release,
                context=make_context(environment),
            )
            if fix
        }

    return find


def test_a_stack_as_it_should_be(found):
    assert found() == {}
    assert found(environment="prod") == {}


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("10.20.128.0/20", "10.20.128.0/20 overlaps 10.20.0.0/16 (network.cidr)"),
        ("10.200.0.0/24", "overlaps 10.200.0.0/16 (network.peers.office)"),
    ],
)
def test_services_have_addresses_of_their_own(found, cidr, message):
    assert message in found(cluster={"serviceCidr": cidr})["cluster", "serviceCidr"]


def test_services_have_addresses_that_nobody_inside_calls_from(found):
    cluster = {"endpoint": {"kind": "private", "inside": {"vpn": "172.20.8.0/22"}}}
    assert "(cluster.endpoint.inside.vpn)" in found(cluster=cluster)["cluster", "serviceCidr"]


def test_the_network_is_checked_by_itself_too(make_cluster, network):
    assert list(network_problems(make_cluster(), network)) == []


def test_prod_is_private(found):
    public = {"endpoint": {"kind": "public", "cidrs": {"office": "198.51.100.0/24"}}}
    assert list(found(cluster=public, environment="prod")) == [("cluster", "endpoint", "kind")]


@pytest.mark.parametrize(
    ("pools", "path", "message"),
    [
        ({("system",): ...}, ("cluster", "systemPool"), "there is no pool 'system'"),
        ({("system", "capacity", "kind"): "spot"}, ("pools", "system", "capacity", "kind"), "spot capacity can end"),
        ({(*SYSTEM, "slices"): []}, ("pools", "system", "generations"), "has 0 nodes"),
        ({(*SYSTEM, "phase"): "draining"}, ("pools", "system", "generations"), "has 0 nodes"),
        ({(*SYSTEM, "drainingSlices"): [0]}, ("pools", "system", "generations"), "has 0 nodes"),
        (
            {(*SYSTEM, "node", "taints"): [{"key": "x", "effect": "NoSchedule"}]},
            ("pools", "system", "generations", 0, "node", "taints", 0),
            "don't tolerate x",
        ),
    ],
)
def test_the_platform_has_nodes_to_run_on(found, pools, path, message):
    assert message in found(pools=pools)[path]


def test_the_platforms_own_taint_is_no_problem(found):
    taints = [{"key": "CriticalAddonsOnly", "effect": "NoSchedule"}, {"key": "x", "effect": "PreferNoSchedule"}]
    assert found(pools={(*SYSTEM, "node", "taints"): taints}) == {}


def test_an_elastic_system_pool_would_wait_for_itself(found):
    assert found(cluster={"systemPool": "infer"})["pools", "infer", "kind"].startswith("is the system pool")


def test_one_node_is_enough_in_dev_alone(found):
    one = {("system", "nodesPerSlice"): 1}
    assert found(pools=one) == {}
    assert "has 1 nodes" in found(pools=one, environment="prod")["pools", "system", "generations"]


@pytest.mark.parametrize(
    "part", ["vpc-cni", "eks-pod-identity-agent", "metrics-server", "karpenter-crd", "aws-efa-k8s-device-plugin"]
)
def test_the_release_has_everything_that_the_pools_need(found, make_release, part):
    whole = make_release()
    lacking = {
        "addons": {name: version for name, version in whole.addons.items() if name != part},
        "charts": {name: pinned for name, pinned in whole.charts.items() if name != part},
    }
    assert part in found(own=lacking)["release",]


def test_a_type_that_nobody_knows_is_left_to_the_pools_own_checks(found):
    assert found(pools={(*TRAIN, "node", "instanceTypes"): ["p5.96xlarge"]}) == {}


def test_what_no_pool_needs_may_be_lacking(make_cluster, make_pools):
    nothing = make_pools({("infer",): ..., ("train",): ...})
    assert wanted_charts(make_cluster(), nothing) == ()
    assert not has_elastic(nothing)
    assert wanted_charts(make_cluster(), make_pools())[:2] == ("karpenter-crd", "karpenter")


def test_no_kubelet_is_newer_than_its_api_server(found):
    older = {(*TRAIN, "release"): "older"}
    path = ("pools", "train", "generations", 0, "release")
    assert found(pools=older, older={"kubernetes": "1.32"}) == {}
    assert "newer than the control plane's" in found(pools=older, older={"kubernetes": "1.36"})[path]
    assert "more than 3 minor versions behind" in found(pools=older, older={"kubernetes": "1.31"})[path]


def test_kube_proxy_is_of_the_clusters_version(found, make_release):
    addons = {**make_release().addons, "kube-proxy": "v1.36.0-eksbuild.17"}
    assert "its version is v1.36.0-eksbuild.17" in found(own={"addons": addons})["release",]


def test_dra_needs_kubernetes_1_34(found):
    dra = {(*TRAIN, "node", "devices"): "dra"}
    assert found(pools=dra) == {}
    proxy = {"kubernetes": "1.33"}
    assert (
        "dra needs Kubernetes 1.34"
        in found(pools=dra, own=proxy)["pools", "train", "generations", 0, "node", "devices"]
    )


def test_known_bad_versions_are_refused(found, make_pools, make_release, chart_of):
    own = {"charts": chart_of("nvidia-device-plugin", "0.19.0")}
    path, message, _ = next(known_bad(make_pools(), {}, make_release(**own)))
    assert found(own=own)[path] == message
