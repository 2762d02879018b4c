"""What has accelerators: labels, taints, types and pools."""

import pytest

from components.hardware.catalogue import all_types
from policies.engine.subject import Subject
from policies.rules._shared.machines.accelerated import has_accelerators, selects
from policies.rules._shared.machines.instance_types import is_accelerated

TYPE = "node.kubernetes.io/instance-type"


def test_types_and_families_are_the_catalogue_s():
    for machine in all_types():
        assert selects(TYPE, "In", [machine.name]) == is_accelerated(machine), machine.name
    assert selects("karpenter.k8s.aws/instance-family", "In", ["p5", "g6e", "trn2"])
    assert not selects("karpenter.k8s.aws/instance-family", "In", ["p5", "c7i"])


@pytest.mark.parametrize(
    ("key", "operator", "values"),
    [
        ("nvidia.com/gpu.present", "In", ["true"]),
        ("nvidia.com/gpu.product", "Exists", []),
        ("herd.dev/accelerator", "In", ["nvidia"]),
        ("karpenter.k8s.aws/instance-gpu-count", "Gt", ["0"]),
        ("eks.amazonaws.com/instance-gpu-name", "In", ["h100"]),
        ("karpenter.k8s.aws/instance-category", "In", ["p", "g"]),
        ("feature.node.kubernetes.io/pci-10de.present", "In", ["true"]),
        (TYPE, "In", ["p99.48xlarge"]),
    ],
)
def test_labels_of_nodes_with_accelerators(key, operator, values):
    assert selects(key, operator, values)


@pytest.mark.parametrize(
    ("key", "operator", "values"),
    [
        ("nvidia.com/gpu.present", "In", ["false"]),
        ("nvidia.com/gpu.present", "DoesNotExist", []),
        ("karpenter.k8s.aws/instance-gpu-count", "Lt", ["1"]),
        ("karpenter.k8s.aws/instance-category", "NotIn", ["g", "p"]),
        ("karpenter.k8s.aws/instance-category", "In", ["c", "g"]),
        (TYPE, "In", ["p5.48xlarge", "c7i.large"]),
        ("kubernetes.io/arch", "In", ["amd64"]),
    ],
)
def test_labels_that_other_nodes_have_too(key, operator, values):
    assert not selects(key, operator, values)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"limits": {"nvidia.com/gpu": "8"}}, True),
        ({"limits": {"nvidia.com/gpu": 0, "cpu": 100}}, False),
        ({"template": {"spec": {"taints": [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}]}}}, True),
        ({"template": {"spec": {"taints": [{"key": "team", "effect": "NoSchedule"}]}}}, False),
        ({"template": {"metadata": {"labels": {"nvidia.com/gpu.present": "true"}}}}, True),
    ],
)
def test_pools(spec, expected):
    assert has_accelerators(Subject("urn", "kubernetes:karpenter.sh/v1:NodePool", "it", {"spec": spec})) == expected
