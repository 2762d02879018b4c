"""What follows from a cluster, from its pools and from its network: policies, configurations, values."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.base.problems import InvalidInputError
from components.gpu_cluster.machines import labels
from components.gpu_cluster.spec import Devices
from components.k8s_platform import documents
from components.k8s_platform.addons import derive as addons
from components.k8s_platform.control_plane import derive as control_plane
from components.k8s_platform.devices import derive as devices
from components.k8s_platform.facts import ClusterFacts, ClusterNetwork
from components.k8s_platform.karpenter import derive as karpenter
from components.k8s_platform.karpenter import policies
from components.k8s_platform.pins import Chart, parse
from components.keys.derive import key_policy

ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
DIGEST = "sha256:" + "a" * 64


def pretty(value):
    return json.dumps(value, indent=2) + "\n"


def pods(zones=ZONES):
    subnets = {zone: f"subnet-{zone[-1]}" for zone in zones}
    return ClusterNetwork({zone: f"subnet-intra-{zone[-1]}" for zone in ZONES}, subnets, "sg-control", "sg-nodes")


def facts(**changes):
    fields = {
        "name": "herd-prod-main",
        "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/herd-prod-main",
        "endpoint": "https://0123.eks.amazonaws.com",
        "certificate_authority": "Q0E=",
        "service_cidr": "172.20.0.0/16",
        "kubernetes": "1.35",
        "security_group_id": "sg-cluster",
        "node_role_arn": "arn:aws:iam::111122223333:role/nodes",
        "node_role_name": "nodes",
        "node_instance_profile": "nodes",
        "pods_have_subnets": True,
    }
    return ClusterFacts(**{**fields, **changes})


def test_trusts(make_cluster, make_context, golden):
    spec, context = make_cluster(), make_context("prod")
    trusts = {
        "control plane": documents.control_plane_trust(),
        "node": documents.node_trust(),
        "pod": documents.pod_trust(spec, context, "kube-system", "karpenter"),
    }
    golden("trusts.json", pretty({name: json.loads(text) for name, text in trusts.items()}))


def test_a_cluster_is_named_after_its_stack(make_cluster, make_context):
    context = make_context("prod")
    assert documents.cluster_name(make_cluster(), context) == "herd-prod-main"
    assert control_plane.log_group_name(make_cluster(name="b"), context) == "/aws/eks/herd-prod-b/cluster"


def test_access_rows(make_cluster):
    role = "arn:aws:iam::111122223333:role/"
    spec = make_cluster(
        access={
            "deployer": {"principal": f"{role}deployer", "policy": "cluster-admin"},
            "team": {"principal": f"{role}team", "policy": "edit", "namespaces": ["team-*", "shared"]},
        }
    )
    whole, part = control_plane.access(spec, "aws")
    assert (whole.scope, whole.namespaces) == ("cluster", ())
    assert whole.policy_arn == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    assert (part.name, part.principal, part.scope, part.namespaces) == (
        "team",
        f"{role}team",
        "namespace",
        ("team-*", "shared"),
    )


def test_only_the_account_reaches_the_secrets_key(make_cluster, make_context):
    spec = control_plane.secrets_key(make_cluster(keyDeletionDays=9), make_context())
    assert spec.deletion_window_days == 9
    assert [s["Sid"] for s in json.loads(key_policy(spec, make_context()))["Statement"]] == ["AccountAdministrators"]


def test_pods_take_addresses_of_their_own_subnets(golden):
    golden("vpc-cni.json", pretty(control_plane.cni_values(pods(), "eu-west-1")))


def test_without_subnets_of_their_own_pods_share_the_nodes():
    values = control_plane.cni_values(pods(zones=()), "eu-west-1")
    assert values == {"env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}}


def test_configurations_of_addons(make_cluster, make_context, golden):
    found = {
        environment: {
            row.name: json.loads(row.configuration)
            for row in addons.addons(make_cluster(systemPool="base"), make_context(environment))
        }
        for environment in ("dev", "prod")
    }
    golden("addons.json", pretty(found))


def test_volumes_of_pods_carry_the_stacks_tags(make_cluster, make_context):
    context = make_context("prod")
    rows = {row.name: json.loads(row.configuration) for row in addons.addons(make_cluster(), context)}
    assert rows["aws-ebs-csi-driver"]["controller"]["extraVolumeTags"] == context.tags


def test_the_exporter_runs_where_the_agent_has_dcgm(make_cluster, make_context, make_pools):
    """On a type that the agent's own list lacks, the exporter would ask for a DCGM that isn't there."""
    rows = {row.name: json.loads(row.configuration) for row in addons.addons(make_cluster(), make_context())}
    charts = {row.name: row.values for row in devices.charts(make_cluster(), devices.needs(make_pools()), {})}
    agent = rows["eks-node-monitoring-agent"]["dcgmAgent"]
    assert agent["affinity"] == charts["dcgm-exporter"]["affinity"]
    assert expressions(agent) == {"herd.dev/accelerator": ["nvidia"], "kubernetes.io/arch": ["amd64"]}


def test_the_ebs_driver_grants_the_key_to_ec2_alone():
    use, attach = addons.volume_key_policy("arn:aws:kms:eu-west-1:111122223333:key/k")
    assert {s["Resource"] for s in (use, attach)} == {"arn:aws:kms:eu-west-1:111122223333:key/k"}
    assert "kms:CreateGrant" not in use["Action"]
    assert attach["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def controller(make_cluster, make_context, **changes):
    context = make_context("prod", **changes)
    arns = {
        "node_role_arn": "arn:aws:iam::111122223333:role/nodes",
        "profile_arn": "arn:aws:iam::111122223333:instance-profile/nodes",
        "queue_arn": "arn:aws:sqs:eu-west-1:111122223333:karpenter",
    }
    return policies.controller(make_cluster(), context, **arns)


def test_what_karpenter_may_do(make_cluster, make_context, golden):
    golden("karpenter-policies.json", pretty(controller(make_cluster, make_context)))


def test_karpenter_changes_only_what_carries_its_cluster(make_cluster, make_context):
    """Whatever writes and isn't limited to one resource is limited by a tag of this cluster, or by what AWS lends."""
    writes = re.compile(r"ec2:(Run|Create|Terminate|Delete)")
    for statement in controller(make_cluster, make_context)["machines"]:
        assert all(writes.match(action) for action in statement["Action"])
        text = json.dumps(statement.get("Condition", {}))
        tagged = "kubernetes.io/cluster/herd-prod-main" in text and "karpenter.sh/nodepool" in text
        assert tagged or statement["Sid"] == "LaunchFrom"
    lent = next(s for s in controller(make_cluster, make_context)["machines"] if s["Sid"] == "LaunchFrom")
    assert not any(":instance/" in arn or ":volume/" in arn for arn in lent["Resource"])


def test_the_names_of_the_policies_are_all_there_are(make_cluster, make_context):
    assert tuple(controller(make_cluster, make_context)) == policies.NAMES


def test_the_controllers_policies_fit_one_role(make_cluster, make_context):
    """IAM: 10,240 characters of inline policies a role, white space not counted; with the longest names there are."""
    found = controller(
        lambda: make_cluster(name="n" * 24), make_context, region="ap-southeast-4", project="p" * 20, stack="s" * 20
    )
    assert sum(len(documents.document(statements)) for statements in found.values()) < 10_240


def test_the_queue_takes_notices_of_its_own_rules(golden):
    golden("queue.json", pretty(policies.queue("arn:queue", ["arn:rule-a", "arn:rule-b"])))


def test_every_event_is_heard_of_once():
    assert len({(row.source, row.detail_type) for row in karpenter.EVENTS}) == len(karpenter.EVENTS) == 5


def test_values_of_karpenter(make_cluster, make_context, golden):
    golden("karpenter.json", pretty(karpenter.values(make_cluster(), make_context("prod"), facts(), "the-queue")))


@pytest.mark.parametrize(("own", "reserved"), [(True, "1"), (False, "0")])
def test_karpenter_counts_pods_as_the_network_does(make_cluster, make_context, own, reserved):
    values = karpenter.values(make_cluster(), make_context(), facts(pods_have_subnets=own), "q")
    assert values["settings"]["reservedENIs"] == reserved
    assert values["replicas"] == 1


DRA = ("train", "generations", 0, "node", "devices")


@pytest.mark.parametrize(
    ("changes", "charts"),
    [
        ({}, ["nvidia-device-plugin", "aws-efa-k8s-device-plugin", "dcgm-exporter"]),
        ({DRA: "dra"}, ["nvidia-device-plugin", "nvidia-dra-driver-gpu", "aws-efa-k8s-device-plugin", "dcgm-exporter"]),
        ({DRA: "dra", ("infer",): ...}, ["nvidia-dra-driver-gpu", "aws-efa-k8s-device-plugin", "dcgm-exporter"]),
        ({DRA: "none", ("infer",): ...}, ["aws-efa-k8s-device-plugin", "dcgm-exporter"]),
        ({("train",): ...}, ["nvidia-device-plugin", "dcgm-exporter"]),
        ({("train",): ..., ("infer",): ...}, []),
        (
            {("train", "generations", 0, "phase"): "draining", ("infer",): ...},
            ["nvidia-device-plugin", "aws-efa-k8s-device-plugin", "dcgm-exporter"],
        ),
    ],
)
def test_charts_are_those_that_some_pool_wants(make_cluster, make_pools, changes, charts):
    found = devices.charts(make_cluster(), devices.needs(make_pools(changes)), {})
    assert [row.name for row in found] == charts


def test_values_of_the_device_layer(make_cluster, make_pools, golden):
    wanted = devices.needs(make_pools({DRA: "dra"}))
    found = {row.name: row.values for row in devices.charts(make_cluster(systemPool="base"), wanted, {})}
    golden("devices.json", pretty(found))


def expressions(values):
    affinity = values["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = affinity["nodeSelectorTerms"]
    return {e["key"]: e["values"] for e in term["matchExpressions"]}


def test_no_node_has_both_the_device_plugin_and_the_dra_driver(make_cluster):
    everything = devices.Needs(device_plugin=True, dra=True, efa=True, nvidia=True)
    values = {row.name: row.values for row in devices.charts(make_cluster(), everything, {})}
    plugin = expressions(values["nvidia-device-plugin"])
    driver = expressions(values["nvidia-dra-driver-gpu"]["kubeletPlugin"])
    assert plugin["herd.dev/devices"] == [Devices.DEVICE_PLUGIN.value]
    assert driver["herd.dev/devices"] == [Devices.DRA.value]


def test_nodes_that_bring_the_device_plugin_get_no_second_one(make_cluster, make_pools):
    """Bottlerocket runs it as a service of its own: beside a chart's, each GPU would be handed out twice."""
    node = ("generations", 0, "node", "os")
    both = {("train", *node): "bottlerocket", ("infer", *node): "bottlerocket"}
    assert not devices.needs(make_pools(both)).device_plugin
    pools = make_pools({("train", *node): "bottlerocket"})
    rows = {row.name: row.values for row in devices.charts(make_cluster(), devices.needs(pools), {})}
    selected = expressions(rows["nvidia-device-plugin"])["herd.dev/devices"]
    said = {
        name: labels(name, "g1-0", pools[name].generations[0].node)["herd.dev/devices"] for name in ("train", "infer")
    }
    assert said == {"train": "bottlerocket", "infer": "device-plugin"}
    assert selected == [said["infer"]]


def test_images_of_the_stacks_registry_take_the_place_of_the_charts(make_cluster, make_pools):
    image = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/mirror/k8s-device-plugin@{DIGEST}"
    rows = devices.charts(make_cluster(), devices.needs(make_pools()), {"nvidia-device-plugin": image})
    by_name = {row.name: row.values for row in rows}
    said = by_name["nvidia-device-plugin"]["image"]
    assert f"{said['repository']}:{said['tag']}" == image
    assert "image" not in by_name["dcgm-exporter"]


def test_a_type_that_nobody_knows_is_refused(make_pools):
    with pytest.raises(InvalidInputError, match=r"p5\.96xlarge"):
        devices.needs(make_pools({("train", "generations", 0, "node", "instanceTypes"): ["p5.96xlarge"]}))


def test_charts_in_a_registry_are_asked_for_by_digest():
    chart = parse(f"oci://public.ecr.aws/karpenter/karpenter:1.14.1@{DIGEST}")
    assert chart == Chart("oci://public.ecr.aws/karpenter", "karpenter", "1.14.1", DIGEST)
    assert chart.reference == f"oci://public.ecr.aws/karpenter/karpenter@{DIGEST}"
    assert parse("oci://a.b/c/d:1.0.0@unresolved").reference == "oci://a.b/c/d"
    assert parse(f"https://a.b:8443/c/d:v1.0.0@{DIGEST}").reference == "d"


@pytest.mark.parametrize("text", ["", "karpenter", "oci://a/b:1", "oci://a/b@sha256:00", "ftp://a/b:1@unresolved"])
def test_what_is_no_pin_is_refused(text):
    with pytest.raises(ValueError, match="no pinned chart"):
        parse(text)


@settings(max_examples=40)
@given(
    st.from_regex(r"(oci|https)://[a-z0-9.-]{1,20}(:[0-9]{1,4})?(/[a-z0-9-]{1,8}){0,3}", fullmatch=True),
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True),
    st.from_regex(r"v?[0-9]{1,3}(\.[0-9]{1,3}){0,2}(-[a-z0-9.]{1,8})?", fullmatch=True),
)
def test_every_pin_is_read_as_it_was_written(repository, name, version):
    assert parse(f"{repository}/{name}:{version}@{DIGEST}") == Chart(repository, name, version, DIGEST)
