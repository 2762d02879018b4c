"""The shapes of built-in kinds are those of the SDK."""

import pytest

from herd.cloud.kubernetes import generate
from herd.cloud.kubernetes.kinds import built_in_kinds, known_kind
from herd.cloud.kubernetes.schema import problems
from herd.cloud.kubernetes.verify import causes


@pytest.mark.slow  # imports most of the SDK
def test_the_shapes_are_those_of_the_sdk():
    assert generate.SHAPES.read_text() == generate.generate(), "run python -m herd.cloud.kubernetes.generate"


def test_every_kind_has_a_shape_but_definitions():
    assert [kind.kind for kind in built_in_kinds() if not kind.validated] == ["CustomResourceDefinition"]


def test_what_is_deep_inside_a_pod_is_checked():
    kind = known_kind("apps/v1", "DaemonSet")
    container = {"name": "plugin", "image": "a", "resources": {"limits": {"nvidia.com/gpu": 1}}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": {"spec": {"containers": [container]}}}
    body = {"metadata": {"name": "it"}, "spec": spec}
    assert causes(kind, body, None)[1] == []
    container["ports"] = [{"containerPort": "http"}]
    container["imagePull"] = "Always"
    assert [cause.field for cause in causes(kind, body, None)[1]] == [
        "spec.template.spec.containers[0].ports[0].containerPort",
        "spec.template.spec.containers[0].imagePull",
    ]


def test_a_quantity_is_a_number_or_a_text():
    schema = {"x-kubernetes-int-or-string": True}
    assert [problems(schema, value) == [] for value in (1, "1Gi", True, 1.5, None)] == [True, True, False, False, False]
