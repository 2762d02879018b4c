"""Helm releases: the form of a chart, what is recorded, and the definitions that well-known charts bring."""

import pytest

from herd.cloud.kubernetes.provider import RELEASE
from herd.cloud.kubernetes.provider.api import ApiError
from herd.cloud.provider.errors import CloudError, RefusedError
from herd.cloud.provider.wire import UNKNOWN, Secret, plain

URN = f"urn:pulumi:dev::herd::{RELEASE}::karpenter"
OCI = "oci://public.ecr.aws/karpenter/"
CRDS = {"chart": f"{OCI}karpenter-crd", "version": "1.14.1", "name": "crds", "namespace": "kube-system"}
CONTROLLER = {"chart": f"{OCI}karpenter", "version": "1.14.1", "name": "karpenter", "namespace": "kube-system"}
POOLS = "/apis/karpenter.sh/v1/nodepools"


def checked(provider, news, olds=None):
    return provider.check(URN, olds or {}, news, b"", None)


def install(provider, news):
    inputs, failures = checked(provider, news)
    assert failures == []
    return (*provider.create(URN, inputs, 0, preview=False), inputs)


def knows_pools(provider):
    try:
        provider.settings.api.ask("GET", POOLS)
    except ApiError:
        return False
    return True


def test_inputs_are_filled_in_as_the_provider_does(cluster):
    inputs, failures = checked(cluster.provider(), {"chart": f"{OCI}karpenter", "version": "1.14.1", "compat": "true"})
    assert failures == []
    assert inputs["name"].startswith("karpenter-")
    assert (inputs["namespace"], inputs["timeout"], inputs["skipCrds"], inputs["values"]) == ("default", 300, False, {})
    assert "compat" not in inputs
    assert checked(cluster.provider(), {"chart": f"{OCI}karpenter", "version": "1.14.1"}, inputs)[0] == inputs


REPOSITORY = {"repo": "https://nvidia.github.io/k8s-device-plugin"}


@pytest.mark.parametrize(
    ("news", "property_"),
    [
        ({"chart": "karpenter"}, "chart"),
        ({"chart": f"{OCI}karpenter:1.14.1"}, "chart"),
        ({"repositoryOpts": REPOSITORY}, "repositoryOpts.repo"),
        ({"chart": "a", "repositoryOpts": {"repo": "charts"}}, "repositoryOpts.repo"),
        ({"version": ""}, "version"),
        ({"version": ">=1.0.0"}, "version"),
        ({"version": "1.14"}, "version"),
        ({"values": "a: b"}, "values"),
        ({"name": "Upper"}, "name"),
        ({"name": "a" * 54}, "name"),
        ({"waitForever": True}, "waitForever"),
        ({"valueYamlFiles": [1]}, "valueYamlFiles"),
    ],
)
def test_a_release_of_another_form_is_refused(cluster, news, property_):
    assert [where for where, _ in checked(cluster.provider(), {**CRDS, **news})[1]] == [property_]


@pytest.mark.parametrize(
    "news",
    [
        {"chart": "nvidia-device-plugin", "repositoryOpts": REPOSITORY, "version": "v0.17.4"},
        {"version": UNKNOWN},
        {"values": {"a": UNKNOWN}, "name": UNKNOWN},
    ],
)
def test_what_is_right_or_not_known_yet_passes(cluster, news):
    assert checked(cluster.provider(), {**CRDS, **news})[1] == []


def test_a_chart_in_a_folder_says_itself_what_it_is(cluster, tmp_path):
    (tmp_path / "Chart.yaml").write_text("name: mine\nversion: 0.1.0\n")
    _, state, _ = install(cluster.provider(), {**CRDS, "chart": str(tmp_path), "version": ""})
    assert (state["status"]["chart"], state["version"]) == ("mine", "0.1.0")


def test_a_release_is_installed_upgraded_read_and_uninstalled(cluster):
    provider = cluster.provider()
    id_, state, inputs = install(provider, CONTROLLER)
    assert id_ == "kube-system/karpenter"
    assert state["status"] == {
        "name": "karpenter",
        "namespace": "kube-system",
        "revision": 1,
        "chart": "karpenter",
        "version": "1.14.1",
        "status": "deployed",
    }
    assert state["__inputs"] == Secret(inputs)
    assert provider.diff(URN, state, inputs, [])[0].detailed == {}
    assert provider.read(URN, id_, state, inputs) == (id_, state, inputs)

    wanted = {**inputs, "version": "1.15.0", "values": {"replicas": 1}}
    found, first = provider.diff(URN, state, wanted, [])
    assert (sorted(found.detailed), found.replaces, first) == (["values.replicas", "version"], [], False)
    upgraded = provider.update(URN, id_, state, wanted, preview=False)
    assert upgraded["status"]["revision"] == 2
    assert provider.read(URN, id_, {}, {})[1]["values"] == {"replicas": 1}

    provider.delete(URN, id_, 0)
    assert provider.read(URN, id_, state, inputs)[0] == ""
    with pytest.raises(RefusedError, match="release: not found"):
        provider.delete(URN, id_, 0)
    with pytest.raises(RefusedError, match="has no deployed releases"):
        provider.update(URN, id_, state, wanted, preview=False)


def test_only_so_many_revisions_are_kept(cluster):
    provider = cluster.provider()
    id_, state, inputs = install(provider, {**CONTROLLER, "maxHistory": 2})
    for replicas in range(4):
        state = provider.update(URN, id_, state, {**inputs, "values": {"replicas": replicas}}, preview=False)
    kept = provider.settings.api.ask("GET", "/api/v1/secrets")["items"]
    assert [(each["metadata"]["labels"]["version"], each["metadata"]["labels"]["status"]) for each in kept] == [
        ("4", "superseded"),
        ("5", "deployed"),
    ]


def test_another_name_or_namespace_is_another_release(cluster):
    provider = cluster.provider()
    _, state, inputs = install(provider, CONTROLLER)
    for key in ("name", "namespace"):
        assert provider.diff(URN, state, {**inputs, key: "other"}, [])[0].replaces == [key]
    assert provider.diff(URN, state, {**inputs, "version": "2.0.0"}, ["version"])[0].detailed == {}


def test_a_name_in_use_and_a_missing_namespace_are_refused(cluster):
    provider = cluster.provider()
    install(provider, CONTROLLER)
    with pytest.raises(RefusedError, match="cannot re-use a name that is still in use"):
        install(provider, CONTROLLER)
    with pytest.raises(CloudError, match='namespaces "team" not found'):
        install(provider, {**CONTROLLER, "namespace": "team"})
    assert install(provider, {**CONTROLLER, "namespace": "team", "createNamespace": True})[0] == "team/karpenter"


def test_a_preview_knows_what_was_asked_and_not_what_comes_of_it(cluster):
    provider = cluster.provider()
    inputs, _ = checked(provider, CONTROLLER)
    id_, planned = provider.create(URN, inputs, 0, preview=True)
    assert (id_, planned["status"], planned["name"]) == ("", UNKNOWN, "karpenter")
    assert provider.read(URN, "kube-system/karpenter", {}, {})[0] == ""


def test_the_chart_of_definitions_owns_them(cluster):
    provider = cluster.provider()
    assert not knows_pools(provider)
    id_, state, _ = install(provider, CRDS)
    assert knows_pools(provider)
    names = plain(state)["resourceNames"]["CustomResourceDefinition.apiextensions.k8s.io/CustomResourceDefinition"]
    assert "nodepools.karpenter.sh" in names
    provider.delete(URN, id_, 0)
    assert not knows_pools(provider)


def test_definitions_from_a_charts_own_folder_stay(cluster):
    provider = cluster.provider()
    id_, _, _ = install(provider, {**CONTROLLER, "skipCrds": True})
    assert not knows_pools(provider)
    provider.delete(URN, id_, 0)
    id_, _, _ = install(provider, CONTROLLER)
    assert knows_pools(provider)
    provider.delete(URN, id_, 0)
    assert knows_pools(provider)


def test_definitions_that_another_release_brought_cannot_be_owned(cluster):
    provider = cluster.provider()
    install(provider, CONTROLLER)
    with pytest.raises(RefusedError, match=r'"nodepools.karpenter.sh" .* exists and cannot be imported'):
        install(provider, CRDS)


def test_an_upgrade_to_another_chart_takes_the_definitions_away(cluster):
    provider = cluster.provider()
    id_, state, inputs = install(provider, CRDS)
    provider.update(URN, id_, state, {**inputs, "chart": f"{OCI}something-else"}, preview=False)
    assert not knows_pools(provider)


def test_it_says_that_a_chart_is_only_recorded(cluster):
    said = []
    install(cluster.provider(said), CRDS)
    assert said == [f"{RELEASE} is only recorded: no chart is rendered; of well-known ones the CRDs are installed"]


def test_without_a_cluster_a_release_is_refused_with_the_reason(cluster):
    provider = cluster.provider(kubeconfig="")
    inputs, _ = checked(provider, CRDS)
    with pytest.raises(RefusedError, match="can't reach the cluster of a Helm Release: no kubeconfig"):
        provider.create(URN, inputs, 0, preview=False)
