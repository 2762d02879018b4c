"""User data: what nodeadm and Bottlerocket read from it."""

import email
import json
import tomllib

import pytest

from components.gpu_cluster.network import ClusterValues, dns_address
from components.gpu_cluster.spec import NodeSpec, Taint
from components.gpu_cluster.user_data import LIMIT, karpenter_user_data, user_data

CLUSTER = ClusterValues("main", "https://example", "Q0E=", "172.20.0.0/16", "172.20.0.10")
LABELS = {"herd.dev/pool": "p5", "example.com/tier": "a"}
TAINTS = (
    Taint(key="nvidia.com/gpu", effect="NoSchedule"),
    Taint(key="example.com/team", value="x", effect="NoExecute"),
    Taint(key="example.com/team", value="x", effect="NoSchedule"),
)


def node_of(**fields):
    return NodeSpec(**{"instance_types": ("p5.48xlarge",), "image": "eks-gpu", **fields})


def config(text):
    """The NodeConfig in a multipart message, and nothing beside it."""
    message = email.message_from_string(text)
    (part,) = message.get_payload()
    assert message.get_content_type() == "multipart/mixed"
    assert part.get_content_type() == "application/node.eks.aws"
    found = json.loads(part.get_payload())
    assert (found["apiVersion"], found["kind"]) == ("node.eks.aws/v1alpha1", "NodeConfig")
    return found["spec"]


def told(node, cluster=CLUSTER):
    return config(user_data(cluster, node, LABELS, TAINTS))


def settings(node, cluster=CLUSTER):
    return tomllib.loads(user_data(cluster, node, LABELS, TAINTS))["settings"]


def test_nodeadm_is_told_all_it_asks_for():
    assert told(node_of()) == {
        "cluster": {
            "name": "main",
            "apiServerEndpoint": "https://example",
            "certificateAuthority": "Q0E=",
            "cidr": "172.20.0.0/16",
        },
        "kubelet": {
            "config": {
                "maxPods": 250,
                "registerWithTaints": [
                    {"key": "nvidia.com/gpu", "value": "", "effect": "NoSchedule"},
                    {"key": "example.com/team", "value": "x", "effect": "NoExecute"},
                    {"key": "example.com/team", "value": "x", "effect": "NoSchedule"},
                ],
            },
            "flags": ["--node-labels=example.com/tier=a,herd.dev/pool=p5"],
        },
        "instance": {"localStorage": {"strategy": "RAID0"}},
        "featureGates": {"FastImagePull": True},
    }


def test_bottlerocket_is_told_the_same_in_its_own_words():
    found = settings(node_of(os="bottlerocket"))
    assert found["kubernetes"] == {
        "api-server": "https://example",
        "cluster-certificate": "Q0E=",
        "cluster-dns-ip": "172.20.0.10",
        "cluster-name": "main",
        "max-pods": 250,
        "node-labels": LABELS,
        "node-taints": {"nvidia.com/gpu": [":NoSchedule"], "example.com/team": ["x:NoExecute", "x:NoSchedule"]},
    }
    (command,) = found["bootstrap-commands"].values()
    assert command["essential"]
    assert command["commands"][0] == ["apiclient", "ephemeral-storage", "init"]


@pytest.mark.parametrize(("fields", "pods"), [({}, 110), ({"max_pods": 58}, 58)])
def test_pods_are_as_many_as_asked_for_or_as_the_smallest_type_has_room_for(fields, pods):
    types = {"instance_types": ("g6.16xlarge", "g6.xlarge"), **fields}
    assert told(node_of(**types))["kubelet"]["config"]["maxPods"] == pods
    assert settings(node_of(os="bottlerocket", **types))["kubernetes"]["max-pods"] == pods


@pytest.mark.parametrize("fields", [{"local_disks": "none"}, {"instance_types": ("m7i.large",)}])
def test_disks_are_made_one_only_where_there_are_any(fields):
    assert "instance" not in told(node_of(**fields))
    assert "bootstrap-commands" not in settings(node_of(os="bottlerocket", **fields))


def test_a_parallel_pull_is_nodeadms():
    assert "featureGates" not in told(node_of(fast_image_pull=False))
    assert "container-runtime" not in settings(node_of(os="bottlerocket"))
    assert config(karpenter_user_data(node_of())) == {"featureGates": {"FastImagePull": True}}
    assert karpenter_user_data(node_of(fast_image_pull=False)) is None
    assert karpenter_user_data(node_of(os="bottlerocket")) is None


def test_there_is_no_shell_and_room_to_spare():
    labels = {f"example.com/{'l' * 60}{at:02}": "v" * 63 for at in range(40)}
    text = user_data(CLUSTER, node_of(), labels, TAINTS)
    assert "#!" not in text
    assert len(text) + 2048 < LIMIT  # with a real certificate


def test_cluster_dns_has_the_tenth_address():
    assert dns_address("10.96.0.0/12") == "10.96.0.10"
