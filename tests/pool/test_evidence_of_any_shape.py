"""A dump in which any one thing is anything else is believed or refused, never a crash; little may be believed."""

import copy
import json
from ipaddress import IPv4Network

import pytest

from components.base.problems import InvalidInputError
from herd.pool.evidence import Cluster, Target, judge, read

ODD = (
    *(None, 1, True, "", "x", [], {}, [None], [[]], [{}], ["a"], {"a": 1}, float("inf")),
    *("2027-01-10T11:59:00", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "10.16.3.4/24", "::1"),
)
# What says nothing about whether the generation is empty.
UNIMPORTANT = {
    *(("items", 0, "status", "addresses", 1, field) for field in ("type", "address")),
    ("items", 0, "status", "addresses", 1),
    ("items", 0, "status", "conditions", 0, "status"),
    *(("items", 1, "metadata", field) for field in ("name", "namespace")),
    ("items", 1, "metadata", "ownerReferences", 0, "name"),
    *(("items", 1, "status", *rest) for rest in ((), ("phase",))),
}
CLUSTER = Cluster("us-west-2", IPv4Network("10.16.0.0/16"), frozenset({("p5", "g1-00000000")}))
TARGET = Target("p5", "g1-00000000", (0,))


def places(value, path=()):
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


@pytest.fixture
def dump(make_node, make_pod):
    return {"kind": "List", "items": [make_node("n0", "p5", "g1-00000000", 0), make_pod("aws-node", "n0")]}


def test_any_thing_may_be_anything(dump, tmp_path, now):
    file = tmp_path / "dump.json"
    believed = set()
    for path in places(dump):
        for odd in ODD:
            box = {"root": copy.deepcopy(dump)}
            inside, at = box, "root"
            for part in path:
                inside, at = inside[at], part
            inside[at] = odd
            file.write_text(json.dumps(box["root"]))
            try:
                problems = judge(read(file), CLUSTER, TARGET, now)
            except InvalidInputError as error:
                problems = error.problems
            assert all(problem.file == str(file) and problem.message for problem in problems)
            if not problems:
                believed.add((path, str(odd)))
    assert {path for path, _ in believed} - UNIMPORTANT == {
        ("items", 0, "status", "conditions", 0, "lastHeartbeatTime")
    }
    assert {odd for path, odd in believed if path[-1] == "lastHeartbeatTime"} == {"2027-01-10T11:59:00"}


@pytest.mark.parametrize(
    ("taint", "words"), [({"effect": "PreferNoSchedule"}, "still open"), ({"effect": "NoExecute"}, "")]
)
def test_a_taint_that_keeps_nothing_off(dump, tmp_path, now, taint, words):
    dump["items"][0]["spec"]["taints"][0] |= taint
    file = tmp_path / "dump.json"
    file.write_text(json.dumps(dump))
    assert words in " ".join(map(str, judge(read(file), CLUSTER, TARGET, now)))
    assert bool(judge(read(file), CLUSTER, TARGET, now)) == bool(words)


def test_a_thousand_nodes_of_another_cluster_are_one_problem(dump, tmp_path, now, make_node):
    dump["items"] += [
        make_node(f"m{n}", "other", "g1-11111111", 0, address="10.99.0.1", ready="False") for n in range(1000)
    ]
    file = tmp_path / "dump.json"
    file.write_text(json.dumps(dump))
    [problem] = judge(read(file), CLUSTER, TARGET, now)
    assert "1000 nodes are not in 10.16.0.0/16" in problem.message
    assert len(problem.message) < 400
