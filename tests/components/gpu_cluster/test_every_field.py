"""Every field of a pool, a node, a generation and a reservation does something: none is accepted and ignored."""

import types
import typing

import pytest

from components.base.spec import Spec
from components.capacity import spec as capacity
from components.gpu_cluster.spec import ElasticPool, StaticPool

SMALL = {"node": {"instanceTypes": ["g6.48xlarge"]}}
"""What a pool's nodes are unless the table says otherwise: with all there is to a node, and few interfaces."""
G6 = {"instanceTypes": ["g6.12xlarge"], "efa": False}
TAINTED = {"taints": [{"key": "example.com/team", "value": "a", "effect": "NoSchedule"}]}
VOLUME = {"sizeGib": 300, "iops": 6000, "throughput": 300}
ELASTIC = {"kind": "elastic", "node": G6}
BLOCK = {"capacity": "capacity-block:block"}

# Field -> (what the pool is like anyway, what is then changed); None where the change is to a reservation.
CHANGES = {
    "StaticPool.capacity": ({}, {"capacity": "spot"}),
    "StaticPool.zones": ({}, {"zones": ["us-east-1b"]}),
    "StaticPool.placement": ({}, {"placement": "cluster"}),
    "StaticPool.nodes_per_slice": ({}, {"nodesPerSlice": 3}),
    "StaticPool.repair": ({}, {"repair": {"enabled": False}}),
    "StaticPool.generations": ({}, {"generations": []}),
    "ElasticPool.capacity": (ELASTIC, {"capacity": "spot"}),
    "ElasticPool.zones": (ELASTIC, {"zones": ["us-east-1b"]}),
    "ElasticPool.disruption": (ELASTIC, {"disruption": {"consolidateAfter": "never"}}),
    "ElasticPool.weight": (ELASTIC, {"weight": 9}),
    "ElasticPool.generations": (ELASTIC, {"generations": []}),
    "Repair.enabled": ({}, {"repair": {"enabled": False}}),
    "Repair.max_parallel": ({}, {"repair": {"maxParallel": 2}}),
    "Repair.max_unhealthy_percent": ({}, {"repair": {"maxUnhealthyPercent": 60}}),
    "Disruption.consolidate_after": (ELASTIC, {"disruption": {"consolidateAfter": "5m"}}),
    "Disruption.while_running": (ELASTIC, {"disruption": {"whileRunning": True}}),
    "Disruption.expire_after": (ELASTIC, {"disruption": {"expireAfter": "5h"}}),
    "Disruption.max_nodes_percent": (ELASTIC, {"disruption": {"maxNodesPercent": 50}}),
    "StaticGeneration.key": ({}, {"generation": {"key": "g2-0a1b2c3d"}}),
    "StaticGeneration.release": ({}, {"generation": {"release": "two-111111111111"}}),
    "StaticGeneration.phase": ({}, {"generation": {"phase": "draining"}}),
    "StaticGeneration.slices": ({}, {"generation": {"slices": [0, 1]}}),
    "StaticGeneration.draining_slices": ({}, {"generation": {"drainingSlices": [0]}}),
    "StaticGeneration.node": ({}, {"node": {"instanceTypes": ["p5en.48xlarge"]}}),
    "ElasticGeneration.key": (ELASTIC, {"generation": {"key": "g2-0a1b2c3d"}}),
    "ElasticGeneration.release": (ELASTIC, {"generation": {"release": "two-111111111111"}}),
    "ElasticGeneration.phase": (ELASTIC, {"generation": {"phase": "draining"}}),
    "ElasticGeneration.max_nodes": (ELASTIC, {"generation": {"maxNodes": 3}}),
    "ElasticGeneration.node": (ELASTIC, {"node": {**G6, "instanceTypes": ["g6.xlarge"]}}),
    "NodeSpec.instance_types": ({}, {"node": {"instanceTypes": ["p5en.48xlarge"]}}),
    "NodeSpec.os": ({}, {"node": {"os": "bottlerocket"}}),
    "NodeSpec.efa": ({}, {"node": {"efa": False}}),
    "NodeSpec.local_disks": ({}, {"node": {"localDisks": "none"}}),
    "NodeSpec.devices": ({}, {"node": {"devices": "dra"}}),
    "NodeSpec.fast_image_pull": ({}, {"node": {"fastImagePull": False}}),
    "NodeSpec.root_volume": ({}, {"node": {"rootVolume": VOLUME}}),
    "NodeSpec.max_pods": ({}, {"node": {"maxPods": 58}}),
    "NodeSpec.labels": ({}, {"node": {"labels": {"example.com/tier": "a"}}}),
    "NodeSpec.taints": ({}, {"node": TAINTED}),
    "RootVolume.size_gib": ({"node": {"rootVolume": VOLUME}}, {"node": {"rootVolume": {**VOLUME, "sizeGib": 301}}}),
    "RootVolume.iops": ({"node": {"rootVolume": VOLUME}}, {"node": {"rootVolume": {**VOLUME, "iops": 6001}}}),
    "RootVolume.throughput": (
        {"node": {"rootVolume": VOLUME}},
        {"node": {"rootVolume": {**VOLUME, "throughput": 301}}},
    ),
    **{
        f"Taint.{field}": ({"node": TAINTED}, {"node": {"taints": [{**TAINTED["taints"][0], field: value}]}})
        for field, value in (("key", "example.com/other"), ("value", "b"), ("effect", "NoExecute"))
    },
    "OpenReservation.reservation": (
        {**ELASTIC, "capacity": "open-reservation:open"},
        {"capacity": "open-reservation:other"},
    ),
    "TargetedReservation.reservation": (
        {"capacity": "targeted-reservation:targeted"},
        {"capacity": "targeted-reservation:group"},
    ),
    "CapacityBlock.reservation": (BLOCK, {"capacity": "capacity-block:later"}),
    "OpenReservationFacts.id": (
        {**ELASTIC, "capacity": "open-reservation:open"},
        {"open": {"id": "cr-1000000000000000a"}},
    ),
    "TargetedReservationFacts.id": (
        {"capacity": "targeted-reservation:targeted"},
        {"targeted": {"id": "cr-1000000000000000b"}},
    ),
    "TargetedReservationFacts.group": (
        {"capacity": "targeted-reservation:group"},
        {"group": {"group": "arn:aws:resource-groups:us-east-1:111122223333:group/other"}},
    ),
    "TargetedReservationFacts.placement_group": (
        {"capacity": "targeted-reservation:group"},
        {"group": {"placementGroup": "other"}},
    ),
    "CapacityBlockFacts.id": (BLOCK, {"block": {"id": "cr-1000000000000000c"}}),
    "CapacityBlockFacts.start": (BLOCK, {"block": {"start": "2027-01-05T11:30:00Z"}}),
    "CapacityBlockFacts.end": (BLOCK, {"block": {"end": "2027-01-19T11:30:00Z"}}),
}
CHECKED = {
    "StaticPool.max_nodes",
    "ElasticPool.max_nodes",
    *(
        f"{facts}.{field}"
        for facts in ("OpenReservationFacts", "TargetedReservationFacts", "CapacityBlockFacts")
        for field in ("instance_type", "zone", "count")
    ),
}
"""Fields that bound or must match others, and are refused when they don't: tests of the checks show it."""
BY_ID = {"NodeSpec.image"}
"""The name by which a release is asked for an id, which is what is registered."""


def specs_in(annotation):
    """Every spec that may stand where an annotation is."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return {annotation} if issubclass(annotation, Spec) else set()
    return {found for argument in typing.get_args(annotation) for found in specs_in(argument)}


def fields():
    """Every field below pools and reservations, except those that only tell the members of a union apart."""
    todo = [StaticPool, ElasticPool, *specs_in(capacity.ReservationFacts)]
    seen, found = set(), set()
    while todo:
        spec = todo.pop()
        if spec in seen:
            continue
        seen.add(spec)
        for name, field in spec.model_fields.items():
            todo += specs_in(field.annotation)
            one_value = (
                typing.get_origin(field.annotation) is typing.Literal and len(typing.get_args(field.annotation)) == 1
            )
            if not one_value:
                found.add(f"{spec.__name__}.{name}")
    return found


def merged(base, change):
    """A pool's fields with others changed; what is said of its node and its generation adds to what was."""
    both = {key: {**base.get(key, {}), **change[key]} for key in ("node", "generation") if key in change}
    return {**base, **change, **both}


@pytest.fixture
def seen(build, pool, reservations, shown):
    """What is registered for each field, before and after it is changed: all of it in one run."""
    others = {
        "other": capacity.OpenReservationFacts(**_facts("open", "cr-2000000000000000a")),
        "later": capacity.CapacityBlockFacts(
            **_facts("capacity-block", "cr-2000000000000000c"),
            start="2027-02-01T11:30:00Z",
            end="2027-02-15T11:30:00Z",
        ),
    }
    pools = {}
    for at, (field, (base, change)) in enumerate(CHANGES.items()):
        elsewhere = field.endswith(
            tuple(f"Facts.{name}" for name in ("id", "group", "placement_group", "start", "end"))
        )
        after = base if elsewhere else merged(base, change)
        held = {**reservations(), **others}
        changed = {**reservations(**(change if elsewhere else {})), **others}
        pools[f"before-{at}"] = pool(**merged(SMALL, base)), {"reservations": held}
        pools[f"after-{at}"] = pool(**merged(SMALL, after)), {"reservations": changed}
    recording = build(pools)
    texts = {name: shown(recording, name).replace(name, "POOL") for name in pools}
    return {field: (texts[f"before-{at}"], texts[f"after-{at}"]) for at, field in enumerate(CHANGES)}


def _facts(kind, reservation):
    return {"kind": kind, "id": reservation, "instance_type": "p5.48xlarge", "zone": "us-east-1a", "count": 4}


def test_the_table_has_every_field_and_no_other():
    assert set(CHANGES) | CHECKED | BY_ID == fields()


def test_every_field_changes_what_is_registered(seen):
    assert [field for field, (before, after) in seen.items() if before == after] == []
    # And where nothing is changed there is no difference.
    assert len({before for field, (before, _) in seen.items() if not CHANGES[field][0]}) == 1
