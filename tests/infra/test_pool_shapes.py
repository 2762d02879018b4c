"""Test's node pools have prod's shapes: the same but for sizes, capacity, ids, tags, and the keys that follow."""

import base64
import json
import re

import pytest

from herd.pool.rekey import rekey
from herd.render import render

KEY = re.compile(r"g\d+-[0-9a-f]{8}")
STACK = re.compile(r"\b(test|prod)\b")
# What a pool has more or less of, or how it is paid for, by property and at any depth.
MAY_DIFFER = {
    "tags",  # owner, environment, cost centre
    "minSize",
    "desiredSize",
    "maxSize",
    "limits",
    "capacityType",
    "capacityReservationSpecification",
    "maxUnhealthyNodeThresholdPercentage",  # one node at least, of slices of other sizes
    "updateConfig",  # a reservation has no machine to spare for a surge
}


def blinded(value):
    """A value without what may differ; texts without keys and the stack's name."""
    if isinstance(value, dict):
        return {key: blinded(item) for key, item in value.items() if key not in MAY_DIFFER}
    if isinstance(value, list):
        return [blinded(item) for item in value]
    return STACK.sub("STACK", KEY.sub("KEY", value)) if isinstance(value, str) else value


def shape(graph):
    """Every resource of the node pools by type and name, blinded; user data decoded."""
    found = {}
    for row in json.loads(graph.to_json())["resources"]:
        if "herd:gpu_cluster:GpuNodePool" not in (row["parent"] or ""):
            continue
        inputs = dict(row["inputs"])
        if "userData" in inputs:
            inputs["userData"] = base64.b64decode(inputs["userData"]).decode()
        found[row["type"], blinded(row["name"])] = blinded(inputs)
    return found


@pytest.fixture(scope="module")
def shapes(make_checkout, graphs):
    """Prod's pools as they are, and test's with one slice in the pool that waits at zero."""
    checkout = make_checkout()
    checkout.edit(checkout.file("test"), "slices: []", "slices: [0]")
    rekey(checkout.root, "test", {})
    return shape(graphs["prod"]), shape(render(checkout.root, "test"))


def test_every_kind_of_pool_is_there(shapes, graphs):
    prod, _ = shapes
    assert {name for kind, name in prod if kind == "aws:ec2/launchTemplate:LaunchTemplate"} == {"p5-KEY", "system-KEY"}
    assert {name for kind, name in prod if kind.endswith(":NodePool")} == {"cpu-KEY", "g6e-KEY"}
    waiting = shape(graphs["test"])
    assert ("aws:ec2/launchTemplate:LaunchTemplate", "p5-KEY") in waiting
    assert not any(name.startswith("p5-KEY-") for _, name in waiting)


def test_one_slice_of_test_stands_for_every_slice_of_prod(shapes):
    prod, test = shapes
    slices = {name for kind, name in prod if kind == "aws:eks/nodeGroup:NodeGroup"}
    assert slices == {"system-KEY-0", *(f"p5-KEY-{number}" for number in range(4))}
    first = {name for name in slices if name.endswith("-0")}
    assert {name for kind, name in test if kind == "aws:eks/nodeGroup:NodeGroup"} == first
    extra = {("aws:eks/nodeGroup:NodeGroup", name) for name in slices - first}
    assert prod.keys() - extra == test.keys()


def test_what_nodes_are_made_of_is_the_same(shapes):
    prod, test = shapes
    assert len(test) == 8  # two launch templates, two node groups, two node classes and two node pools
    for row, inputs in test.items():
        assert inputs == prod[row], row


def test_the_comparison_sees_a_difference(make_checkout, shapes):
    checkout = make_checkout()
    checkout.edit(checkout.file("test"), "slices: []", "slices: [0]")
    checkout.edit(checkout.file("test"), "efa: true", "efa: false")
    rekey(checkout.root, "test", {})
    changed = shape(render(checkout.root, "test"))
    different = {row for row, inputs in shapes[1].items() if changed[row] != inputs}
    assert ("aws:ec2/launchTemplate:LaunchTemplate", "p5-KEY") in different
