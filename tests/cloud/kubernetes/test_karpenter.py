"""What Karpenter's kinds accept and refuse. The verdicts are those of Karpenter 1.14's own CRDs."""

import copy

import pytest

from herd.cloud.kubernetes.kinds import known_kind
from herd.cloud.kubernetes.status import Refused

POOL, CLASS = known_kind("karpenter.sh/v1", "NodePool"), known_kind("karpenter.k8s.aws/v1", "EC2NodeClass")

NODE_POOL = {
    "limits": {"nodes": 8, "cpu": "1536", "memory": "16Ti"},
    "weight": 50,
    "disruption": {"consolidateAfter": "10m", "consolidationPolicy": "WhenEmpty", "budgets": [{"nodes": "10%"}]},
    "template": {
        "metadata": {"labels": {"herd.dev/pool": "p5"}, "annotations": {"any": "thing"}},
        "spec": {
            "expireAfter": "336h",
            "terminationGracePeriod": "1h30m",
            "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "p5-g1-0123abcd"},
            "requirements": [
                {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["reserved", "on-demand"]},
                {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["g6e.12xlarge"]},
                {"key": "karpenter.k8s.aws/instance-gpu-count", "operator": "Gt", "values": ["3"]},
                {"key": "topology.kubernetes.io/zone", "operator": "Exists"},
            ],
            "taints": [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}],
            "startupTaints": [{"key": "node.cilium.io/agent-not-ready", "value": "true", "effect": "NoExecute"}],
        },
    },
}
NODE_CLASS = {
    "amiFamily": "AL2023",
    "amiSelectorTerms": [{"id": "ami-0123456789abcdef0"}],
    "role": "herd-node",
    "subnetSelectorTerms": [{"id": "subnet-0123456789abcdef0"}],
    "securityGroupSelectorTerms": [{"id": "sg-0123456789abcdef0"}, {"tags": {"herd": "efa"}}],
    "associatePublicIPAddress": False,
    "blockDeviceMappings": [
        {
            "deviceName": "/dev/xvda",
            "rootVolume": True,
            "ebs": {"volumeSize": "300Gi", "volumeType": "gp3", "encrypted": True, "kmsKeyID": "arn", "iops": 3000},
        }
    ],
    "capacityReservationSelectorTerms": [{"id": "cr-0123456789abcdef0"}],
    "instanceStorePolicy": "RAID0",
    "kubelet": {"maxPods": 110, "anything": {"goes": True}},
    "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
    "networkInterfaces": [
        {"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface"},
        {"networkCardIndex": 0, "deviceIndex": 1, "interfaceType": "efa-only"},
        {"networkCardIndex": 1, "deviceIndex": 0, "interfaceType": "efa-only"},
    ],
    "tags": {"herd:release": "vendor"},
    "userData": "MIME-Version: 1.0",
}
GONE = object()


def changed(spec, path, value):
    """The spec with another value at a path (`a.b.0.c`), or without it."""
    spec = copy.deepcopy(spec)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = spec
    for step in way:
        place = place[step] if isinstance(step, int) else place.setdefault(step, {})
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return spec


def body(spec, **metadata):
    return {"metadata": {"name": "it", **metadata}, "spec": spec}


def refusal(karpenter, kind, spec):
    with pytest.raises(Refused) as caught:
        karpenter.create(kind, "", body(spec))
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    return caught.value.message


@pytest.mark.parametrize(("kind", "spec"), [(POOL, NODE_POOL), (CLASS, NODE_CLASS)], ids=["NodePool", "EC2NodeClass"])
def test_a_whole_object_is_accepted_as_it_is(karpenter, kind, spec):
    made = karpenter.create(kind, "", body(spec))
    assert {key: made["spec"][key] for key in spec if key != "metadataOptions"} == {
        key: value for key, value in spec.items() if key != "metadataOptions"
    }


def test_what_is_left_out_is_filled_in_as_karpenter_does(karpenter):
    bare = {"template": {"spec": {"nodeClassRef": NODE_POOL["template"]["spec"]["nodeClassRef"], "requirements": []}}}
    made = karpenter.create(POOL, "", body(bare))["spec"]
    assert made["disruption"] == {
        "consolidateAfter": "0s",
        "consolidationPolicy": "WhenEmptyOrUnderutilized",
        "budgets": [{"nodes": "10%"}],
    }
    assert made["template"]["spec"]["expireAfter"] == "720h"
    assert karpenter.create(CLASS, "", body(NODE_CLASS))["spec"]["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpProtocolIPv6": "disabled",
        "httpPutResponseHopLimit": 1,
        "httpTokens": "required",
    }


POOLS = [
    ("budget", [], 'unknown field "spec.budget"'),
    ("template", GONE, "spec.template: Required value"),
    ("template.spec.requirements", GONE, "spec.template.spec.requirements: Required value"),
    ("template.spec.taints.0.effect", "NoWork", 'Unsupported value: "NoWork": supported values: "NoSchedule"'),
    ("template.spec.requirements.0.operator", "Is", "spec.template.spec.requirements[0].operator: Unsupported value"),
    ("template.spec.requirements.0.values", [], "requirements with operator 'In' must have a value defined"),
    ("template.spec.requirements.0.values", GONE, "requirements with operator 'In' must have a value defined"),
    ("template.spec.requirements.2.values", ["-1"], "must have a single positive integer value"),
    ("template.spec.requirements.2.values", ["many"], "must have a single positive integer value"),
    ("template.spec.requirements.2.values", ["1", "2"], "must have a single positive integer value"),
    ("template.spec.requirements.0.minValues", 3, "must have at least that many values"),
    ("template.spec.requirements.0.minValues", 51, "should be less than or equal to 50"),
    ("template.spec.requirements.0.key", "karpenter.sh/nodepool", 'label "karpenter.sh/nodepool" is restricted'),
    ("template.spec.requirements.0.key", "karpenter.sh/anything", 'label domain "karpenter.sh" is restricted'),
    ("template.spec.requirements.0.key", "karpenter.k8s.aws/made-up", 'label domain "karpenter.k8s.aws" is restricted'),
    ("template.spec.requirements.0.key", "kubernetes.io/hostname", 'label "kubernetes.io/hostname" is restricted'),
    ("template.metadata.labels", {"kubernetes.io/hostname": "a"}, 'label "kubernetes.io/hostname" is restricted'),
    ("template.metadata.labels", {"a": "not a value"}, "should match"),
    ("template.spec.nodeClassRef.name", "", "may not be empty"),
    ("template.spec.nodeClassRef.group", "karpenter.k8s.aws/v1", "should match"),
    ("template.spec.expireAfter", "2w", "spec.template.spec.expireAfter in body should match"),
    ("template.spec.terminationGracePeriod", "Never", "should match"),
    ("disruption.consolidateAfter", "never", "should match"),
    ("disruption.consolidateAfter", GONE, "spec.disruption.consolidateAfter: Required value"),
    ("disruption.consolidationPolicy", "Always", "Unsupported value"),
    ("disruption.budgets", [{"nodes": 1}], 'must be of type string: "integer"'),
    ("disruption.budgets", [{"nodes": "101%"}], "should match"),
    ("disruption.budgets", [{"nodes": "0", "schedule": "@daily"}], "'schedule' must be set with 'duration'"),
    ("disruption.budgets", [{"nodes": "0", "reasons": ["Expired"]}], "Unsupported value"),
    ("disruption.budgets", [{"nodes": "0", "reasons": ["Empty", "Empty"]}], "Duplicate value"),
    ("disruption.budgets", [{"nodes": "0"}] * 51, "must have at most 50 items"),
    ("limits.memory", "lots", "should match"),
    ("limits.cpu", 1.5, 'must be of type integer or string: "number"'),
    ("weight", 0, "should be greater than or equal to 1"),
    ("weight", True, 'must be of type integer: "boolean"'),
    ("replicas", 2, "'weight' is not supported on static NodePools"),
]


@pytest.mark.parametrize(("path", "value", "says"), POOLS, ids=[f"{n}-{row[0]}" for n, row in enumerate(POOLS)])
def test_a_wrong_node_pool_is_refused_with_the_reason(karpenter, path, value, says):
    assert says in refusal(karpenter, POOL, changed(NODE_POOL, path, value))


CLASSES = [
    ("spot", True, 'unknown field "spec.spot"'),
    ("amiFamily", GONE, "must specify amiFamily if amiSelectorTerms does not contain an alias"),
    ("amiFamily", "al2023", "Unsupported value"),
    ("amiSelectorTerms", [], "should have at least 1 items"),
    ("amiSelectorTerms", [{}], "expected at least one, got none"),
    ("amiSelectorTerms", [{"id": "image"}], "should match"),
    ("amiSelectorTerms", [{"id": "ami-1", "name": "a"}], "'id' is mutually exclusive"),
    ("amiSelectorTerms", [{"alias": "al2023@latest"}, {"id": "ami-1"}], "'alias' is mutually exclusive"),
    ("amiSelectorTerms", [{"alias": "al2023"}], "must match the format 'family@version'"),
    ("amiSelectorTerms", [{"alias": "ubuntu@v1"}], "family is not supported"),
    ("amiSelectorTerms", [{"alias": "windows2022@v1"}], "windows families may only specify version 'latest'"),
    ("amiSelectorTerms", [{"alias": "bottlerocket@v1.20.0"}], "amiFamily must be 'Bottlerocket' or 'Custom'"),
    ("amiSelectorTerms", [{"tags": {"a": ""}}], "empty tag keys or values aren't supported"),
    ("role", GONE, "must specify exactly one of ['role', 'instanceProfile']"),
    ("role", "", "may not be empty"),
    ("instanceProfile", "another", "must specify exactly one of ['role', 'instanceProfile']"),
    ("subnetSelectorTerms", GONE, "spec.subnetSelectorTerms: Required value"),
    ("subnetSelectorTerms", [], "subnetSelectorTerms cannot be empty"),
    ("subnetSelectorTerms", [{"id": "subnet-1", "tags": {"a": "b"}}], "'id' is mutually exclusive"),
    ("securityGroupSelectorTerms", [], "securityGroupSelectorTerms cannot be empty"),
    ("securityGroupSelectorTerms", [{}], "expected at least one, got none"),
    ("securityGroupSelectorTerms", [{"name": "a", "id": "sg-1"}], "'name' is mutually exclusive"),
    ("capacityReservationSelectorTerms", [], "'id' is mutually exclusive"),
    ("capacityReservationSelectorTerms", [{"ownerID": "123456789012"}], "expected at least one, got none"),
    ("capacityReservationSelectorTerms", [{"id": "cr-1", "ownerID": "123456789012"}], "'id' is mutually exclusive"),
    ("capacityReservationSelectorTerms", [{"id": "reservation"}], "should match"),
    ("networkInterfaces.0.interfaceType", "efa", "Unsupported value"),
    ("networkInterfaces.0.interfaceType", "efa-only", "must include a primary interface"),
    ("networkInterfaces.1.deviceIndex", 0, "must not have duplicate networkCardIndex and deviceIndex pairs"),
    ("networkInterfaces.2.networkCardIndex", 0, "must not have duplicate networkCardIndex and deviceIndex pairs"),
    ("networkInterfaces.2.deviceIndex", GONE, "spec.networkInterfaces[2].deviceIndex: Required value"),
    ("blockDeviceMappings.0.ebs.volumeSize", GONE, "snapshotID or volumeSize must be defined"),
    ("blockDeviceMappings.0.ebs.volumeSize", "300", "should match"),
    ("blockDeviceMappings.0.ebs.volumeInitializationRate", 200, "snapshotID must be set"),
    ("blockDeviceMappings", [{"rootVolume": True}, {"rootVolume": True}], "must have only one blockDeviceMappings"),
    ("metadataOptions.httpPutResponseHopLimit", 65, "should be less than or equal to 64"),
    ("metadataOptions.httpTokens", "sometimes", "Unsupported value"),
    ("instanceStorePolicy", "RAID1", "Unsupported value"),
    ("placementGroupSelector", {}, "expected at least one, got none, ['name', 'id']"),
    ("placementGroupSelector", {"name": "a", "id": "pg-1"}, "'name' and 'id' are mutually exclusive"),
    ("connectionTracking", {}, "at least one of tcpEstablishedTimeout"),
    ("tags", {"kubernetes.io/cluster/one": "owned"}, "restricted tag matching kubernetes.io/cluster/"),
    ("tags", {"karpenter.sh/nodepool": "a"}, "restricted tag matching karpenter.sh/nodepool"),
]


@pytest.mark.parametrize(("path", "value", "says"), CLASSES, ids=[f"{n}-{row[0]}" for n, row in enumerate(CLASSES)])
def test_a_wrong_node_class_is_refused_with_the_reason(karpenter, path, value, says):
    assert says in refusal(karpenter, CLASS, changed(NODE_CLASS, path, value))


def test_everything_wrong_is_told_at_once(karpenter):
    spec = changed(changed(NODE_POOL, "weight", 0), "disruption.consolidateAfter", "never")
    said = refusal(karpenter, POOL, spec)
    assert said.startswith('NodePool.karpenter.sh "it" is invalid: [')
    assert "spec.weight: " in said
    assert "spec.disruption.consolidateAfter: " in said


@pytest.mark.parametrize("key", ["group", "kind"])
def test_a_pool_stays_with_its_kind_of_node_class(karpenter, key):
    karpenter.create(POOL, "", body(NODE_POOL))
    other = changed(NODE_POOL, f"template.spec.nodeClassRef.{key}", "another")
    with pytest.raises(Refused, match=rf"nodeClassRef.{key} is immutable"):
        karpenter.replace(POOL, "", "it", body(other))


def test_an_elastic_pool_never_becomes_a_static_one(karpenter):
    karpenter.create(POOL, "", body(NODE_POOL))
    static = changed(changed(changed(NODE_POOL, "weight", GONE), "replicas", 1), "limits", {"nodes": 2})
    with pytest.raises(Refused, match="Cannot transition NodePool between static"):
        karpenter.replace(POOL, "", "it", body(static))
