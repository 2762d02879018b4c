"""The provider's own configuration: which kubeconfigs lead to the cluster, and which changes mean another one."""

import copy
import json

import pytest

from herd.cloud.kubernetes.provider.kubeconfig import KubeconfigError, arguments_of, option, parse
from herd.cloud.kubernetes.provider.settings import Settings, changes
from herd.cloud.provider.errors import RefusedError
from herd.cloud.provider.wire import UNKNOWN

CONFIG = {
    "current-context": "it",
    "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
    "clusters": [{"name": "it", "cluster": {"server": "https://a.gr7.eu-west-1.eks.amazonaws.com"}}],
    "users": [{"name": "it", "user": {"token": "a"}}],
}


def other(section, **entry):
    config = copy.deepcopy(CONFIG)
    config[section][0][section.removesuffix("s")].update(entry)
    return config


@pytest.mark.parametrize(
    ("old", "new", "replaces"),
    [
        ({"kubeconfig": CONFIG}, {"kubeconfig": json.dumps(CONFIG)}, []),
        ({"kubeconfig": CONFIG}, {"kubeconfig": other("users", token="b")}, []),
        ({"kubeconfig": CONFIG}, {"kubeconfig": other("clusters", server="https://b")}, ["kubeconfig"]),
        ({"kubeconfig": CONFIG}, {"kubeconfig": UNKNOWN}, ["kubeconfig"]),
        ({"kubeconfig": CONFIG}, {"kubeconfig": CONFIG, "namespace": "a"}, []),
    ],
)
def test_without_an_identifier_the_clusters_entry_says_whether_it_is_another(old, new, replaces):
    differ, found = changes(old, new)
    assert differ
    assert found == replaces


@pytest.mark.parametrize("new", [UNKNOWN, other("clusters", server="https://b"), "nonsense: ["])
def test_with_the_same_identifier_nothing_is_replaced(new):
    same = {"clusterIdentifier": "arn"}
    assert changes({**same, "kubeconfig": CONFIG}, {**same, "kubeconfig": new})[1] == []


def test_another_identifier_is_another_cluster_and_a_first_one_is_not():
    one, two = ({"clusterIdentifier": name, "kubeconfig": CONFIG} for name in "ab")
    assert changes(one, two)[1] == ["clusterIdentifier"]
    assert changes({"kubeconfig": CONFIG}, one) == (["clusterIdentifier"], [])
    assert changes(one, dict(one)) == ([], [])


def test_a_kubeconfig_comes_as_data_as_text_or_as_a_file(tmp_path):
    (tmp_path / "config").write_text(json.dumps(CONFIG))
    shapes = [CONFIG, json.dumps(CONFIG), "current-context: it", str(tmp_path / "config")]
    assert [parse(shape)["current-context"] for shape in shapes] == ["it"] * 4
    for nonsense in ("[1]", "a: [", "{", "just words"):
        with pytest.raises(KubeconfigError):
            parse(nonsense)


def test_options_of_a_command_line():
    words = ["--region", "r", "eks", "--output=json", "get-token", "--cluster-name"]
    assert arguments_of(words) == ["eks", "get-token"]
    assert [option(words, name) for name in ("--region", "--output", "--cluster-name", "--none")] == [
        "r",
        "json",
        "",
        "",
    ]


def test_the_platforms_kubeconfig_leads_to_its_cluster(cluster):
    assert cluster.provider().settings.unreachable == ""
    assert cluster.provider(kubeconfig=cluster.kubeconfig(), namespace="a").settings.namespace == "a"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cluster": {"server": "https://a.gr7.eu-west-1.eks.amazonaws.com"}}, "no such host"),
        ({"cluster": {"server": ""}}, "no server found"),
        ({"cluster": {"certificate-authority-data": "YQ=="}}, "certificate signed by unknown authority"),
        ({"user": {"token": "old"}}, "provide credentials"),
        ({"user": {}}, "provide credentials"),
        ({"user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1alpha1"}}}, "invalid apiVersion"),
        ({"user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1"}}}, "interactiveMode must be specified"),
        (
            {"user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "gcloud"}}},
            "`aws eks get-token` alone",
        ),
        (
            {
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1beta1",
                        "command": "aws",
                        "args": ["eks", "get-token"],
                    }
                }
            },
            "needs --cluster-name",
        ),
    ],
)
def test_what_leads_nowhere_is_told_with_the_reason(cluster, change, why):
    assert why in cluster.provider(kubeconfig=cluster.kubeconfig(**change)).settings.unreachable


@pytest.mark.parametrize(
    ("arguments", "reachable"),
    [
        (["--cluster-name=one"], True),
        (["--role-arn", "arn:aws:iam::111122223333:role/admin"], True),
        (["--role-arn", "arn:aws:iam::444455556666:role/admin"], False),
    ],
)
def test_a_role_in_the_command_is_who_asks(cluster, arguments, reachable):
    found = cluster.provider(kubeconfig=cluster.kubeconfig(arguments=arguments)).settings
    assert (found.unreachable == "") is reachable


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"kubeconfig": ""}, "no kubeconfig was given"),
        ({"kubeconfig": "a: ["}, "failed to parse kubeconfig"),
        ({"context": "another"}, "context 'another' does not exist"),
    ],
)
def test_wrong_settings_are_told_with_the_reason(cluster, settings, why):
    assert why in cluster.provider(**settings).settings.unreachable


@pytest.mark.parametrize("endpoint", ["", "https://eks.eu-west-1.amazonaws.com"])
def test_it_never_talks_to_aws(cluster, endpoint):
    provider = cluster.provider()
    provider.environment = {**provider.environment, "AWS_ENDPOINT_URL": endpoint}
    with pytest.raises(RefusedError, match="stand-in"):
        provider.configure({"kubeconfig": cluster.kubeconfig()})


def test_switches_come_from_the_configuration_before_the_environment():
    def switched(config, environment):
        return Settings.of(config, environment, None).delete_unreachable

    variable = {"PULUMI_K8S_DELETE_UNREACHABLE": "true"}
    assert [switched({}, {}), switched({}, variable)] == [False, True]
    assert [switched({"deleteUnreachable": "false"}, variable), switched({"deleteUnreachable": True}, {})] == [
        False,
        True,
    ]
