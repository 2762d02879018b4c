"""The content of a key: everything a node is made of changes it, and nothing else does."""

import json
import time

import pytest

from components.capacity.spec import CapacityBlockFacts
from components.gpu_cluster import karpenter, node_group
from components.gpu_cluster.content import content
from components.gpu_cluster.keys import content_hash
from components.gpu_cluster.network import Ids
from components.gpu_cluster.nodes import Nodes
from components.gpu_cluster.spec import NodeSpec

G6 = {"instanceTypes": ["g6.xlarge"], "efa": False}
TAINT = {"key": "example.com/team", "effect": "NoSchedule"}

# A value for each field of a node other than the one it has; with what the pool is like where it matters.
NODE_CHANGES = {
    "instance_types": {"instanceTypes": ["p5en.48xlarge"]},
    "os": {"os": "bottlerocket"},
    "efa": {"efa": False},
    "local_disks": {"localDisks": "none"},
    "devices": {"devices": "dra"},
    "fast_image_pull": {"fastImagePull": False},
    "root_volume": {"rootVolume": {"sizeGib": 301}},
    "max_pods": {"maxPods": 58},
    "labels": {"labels": {"example.com/tier": "a"}},
    "taints": {"taints": [TAINT]},
}
# `format` has one value; the image is known by its id.
SEEN_OTHERWISE = {"format", "image"}


@pytest.fixture
def hashed(pool, image, reservations):
    """`hashed("static", "spot", name="p5", image={...}, reservations={...}, ...)`: the hash of the content."""

    def make(*asked, name="p5", made_of=None, reserved=None, **fields):
        found = pool(*asked, **fields)
        node = found.generations[0].node
        return content_hash(content(name, found, node, image(**(made_of or {})), reservations(**(reserved or {}))))

    return make


def test_every_field_of_a_node_is_in_the_table():
    assert set(NODE_CHANGES) | SEEN_OTHERWISE == set(NodeSpec.model_fields)


@pytest.mark.parametrize("kind", ["static", "elastic"])
def test_whatever_a_node_is_made_of_changes_the_hash(hashed, kind):
    base = {"kind": kind, "node": {"instanceTypes": ["g6e.48xlarge"]}}
    changes = [*NODE_CHANGES.values(), {"rootVolume": {"iops": 4000}}, {"rootVolume": {"throughput": 300}}]
    found = {hashed(**base): "unchanged"}
    for change in changes:
        found[hashed(kind=kind, node=base["node"] | change)] = str(change)
    found[hashed(**base, made_of={"id": "ami-1123456789abcdef0"})] = "image"
    found[hashed(**base, name="p6")] = "name"
    found[hashed(**base, zones=["us-east-1b"])] = "zone"
    found[hashed(**base, capacity="spot")] = "capacity"
    assert len(found) == len(changes) + 5, found


def test_capacity_and_place_are_content(hashed):
    capacities = [
        "on-demand",
        "spot",
        "open-reservation:open",
        "targeted-reservation:targeted",
        "targeted-reservation:group",
        "capacity-block:block",
    ]
    found = {hashed("static", capacity) for capacity in capacities}
    found |= {
        hashed("static", "on-demand", placement="cluster"),
        hashed("static", "targeted-reservation:targeted", reserved={"targeted": {"id": "cr-0000000000000000d"}}),
        hashed("static", "targeted-reservation:group", reserved={"group": {"placementGroup": "other"}}),
        hashed("elastic", "on-demand", node=G6),
        hashed("elastic", "on-demand", node=G6, made_of={"architecture": "arm64"}),
    }
    assert len(found) == len(capacities) + 5


@pytest.mark.parametrize(
    ("asked", "change"),
    [
        ("static", {"nodesPerSlice": 3}),
        ("static", {"maxNodes": 9}),
        ("static", {"repair": {"maxParallel": 2, "maxUnhealthyPercent": 50}}),
        ("static", {"generation": {"slices": [1, 2], "drainingSlices": [1]}}),
        ("elastic", {"maxNodes": 9}),
        ("elastic", {"weight": 9}),
        ("elastic", {"disruption": {"expireAfter": "1h", "consolidateAfter": "1h", "whileRunning": True}}),
        ("elastic", {"generation": {"maxNodes": 9}}),
        ("elastic", {"generation": {"phase": "draining"}}),
        ("static", {"generation": {"phase": "draining"}}),
        ("static", {"generation": {"release": "two-111111111111"}}),
        ("static", {"generation": {"key": "g7-9e8d7c6b"}}),
        ("static", {"node": G6 | {"image": "called-otherwise"}}),
        ("static", {"made_of": {"recipeHash": "1" * 64, "billOfMaterials": {"driver": "580.1"}}}),
    ],
)
def test_what_changes_in_place_is_no_content(hashed, asked, change):
    assert hashed(asked, **{"node": G6, **change}) == hashed(asked, node=G6)


def test_how_much_and_how_long_was_reserved_is_no_content(hashed):
    moved = {"block": {"count": 9, "end": "2027-01-25T11:30:00Z"}}
    assert hashed("static", "capacity-block:block", reserved=moved) == hashed("static", "capacity-block:block")


def test_content_is_what_is_registered_but_for_what_the_cloud_knows(pool, image, reservations, build):
    """The registered template is the hashed one with the placeholders filled in."""
    found = content("p5", pool(), pool().generations[0].node, image(), reservations())["launchTemplate"]
    made = build({"p5": pool()}).one("aws:ec2/launchTemplate:LaunchTemplate").inputs
    assert set(made) - {"tags", "tagSpecifications"} == {_camel(key) for key in found}
    wired = [
        [(i[one], i[two], i[three]) for i in interfaces]
        for interfaces, one, two, three in (
            (found["network_interfaces"], "network_card_index", "device_index", "interface_type"),
            (made["networkInterfaces"], "networkCardIndex", "deviceIndex", "interfaceType"),
        )
    ]
    assert wired[0] == wired[1]
    assert json.dumps(found).count("${cluster.") == 4


def _camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def everything(name, asked, image, reservations):
    """All that is derived for one pool, without registering it."""
    generation = asked.generations[0]
    found = [content(name, asked, generation.node, image, reservations)]
    if asked.kind == "static":
        found += [node_group.changeable(name, asked, generation, at, reservations) for at in range(4)]
        block = reservations.get("block")
        assert isinstance(block, CapacityBlockFacts)
        found += [node_group.schedules(asked, block)]
    else:
        nodes = Nodes(name, generation.key, asked, generation.node, image, reservations)
        ids = Ids.placeholders(asked.zones, placed=False)
        found += [karpenter.node_class(nodes, ids), karpenter.node_pool(nodes, generation)]
    return found


def test_a_thousand_pools_are_derived_in_a_second_and_in_linear_time(pool, image, reservations):
    kinds = [pool("static", "capacity-block:block"), pool(node=G6), pool("elastic", "spot", node=G6)]
    made_of, reserved = image(), reservations()
    everything("warm", kinds[0], made_of, reserved)
    took = {}
    for count in (10, 100, 1000):
        start = time.process_time()
        for at in range(count):
            everything(f"pool-{at}", kinds[at % len(kinds)], made_of, reserved)
        took[count] = time.process_time() - start
    assert took[1000] < 1
    assert took[1000] < 40 * max(took[100], 0.005)
