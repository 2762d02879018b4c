"""Whatever somebody writes about pools and what they stand on: it loads, or is refused with its place.

The three stack files, with every kind of reservation in them, in which a few things are something else. The program
and `herd pool` read them; nothing but InvalidInputError may come out, and each of its problems names a file, and its
line in the stack file.
"""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from components.base.problems import InvalidInputError
from components.base.validation import plain
from herd.pool.rekey import rekey
from herd.pool.stack import load

SECTIONS = ("pools", "reservations", "cluster", "images", "zoneIds")
BLOCK = {
    "kind": "capacity-block",
    "id": "cr-0123456789abcdef1",
    "instanceType": "p5.48xlarge",
    "zone": "us-west-2b",
    "count": 4,
    "start": "2027-01-04T11:30:00Z",
    "end": "2027-01-08T11:30:00Z",
}
HELD = {"instanceType": "g6e.2xlarge", "zone": "us-west-2a", "count": 4}
GROUP = "arn:aws:resource-groups:us-west-2:777788889999:group/held"
MORE = {
    "herd:zoneIds": {"us-west-2a": "usw2-az2", "us-west-2b": "usw2-az1"},
    "herd:images": {"recipes": {"eks-gpu": {"instanceTypes": ["g6.xlarge"]}}, "regions": ["us-east-2"]},
    "herd:reservations": {
        "block": BLOCK,
        "open": {"kind": "open", "id": "cr-0123456789abcdef2", **HELD},
        "group": {"kind": "targeted", "group": GROUP, **HELD, "zone": "us-west-2b"},
    },
}
POOL = {
    "kind": "static",
    "capacity": {"kind": "capacity-block", "reservation": "block"},
    "zones": ["us-west-2b"],
    "nodesPerSlice": 4,
    "maxNodes": 4,
    "repair": {"maxParallel": 2},
    "generations": [
        {
            "key": "g1-00000000",
            "release": "vendor-1ea35f3a8a36",
            "slices": [0],
            "drainingSlices": [0],
            "node": {
                "instanceTypes": ["p5.48xlarge"],
                "image": "eks-nvidia-x86-64",
                "devices": "device-plugin",
                "maxPods": 110,
                "rootVolume": {"sizeGib": 100},
                "labels": {"example.com/team": "vision"},
                "taints": [{"key": "vision", "value": "only", "effect": "NoSchedule"}],
            },
        }
    ],
}

ODD = [
    *(None, True, False, 0, -1, 1, 3, 2**31, 2**62, 2**63, 10**40, 0.5, 1e308, float("nan"), float("inf")),
    *("", " ", "0", "-1", "x", "ü", "😀", "\u202e", "\x07", "a" * 5000, "٣", "²", "a.b/c", "../../etc/passwd", "/"),
    *([], {}, [[]], [None], {"": ""}, {"a": {"b": []}}, [1, 2, 3], ["a", "a"], [0, 0], [-1], ["static"]),
    *("2027-01-04", "2027-01-04T11:30:00", "2027-13-04T11:30:00Z", "9999-12-31T23:59:59-23:59"),
    *("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z", "2027-01-04T11:30:00+14:00", "never", f"{10**30}h"),
    *("p5.48xlarge", "m7i.large", "hpc6a.48xlarge", "g5g.xlarge", "u-6tb1.112xlarge", "us-west-2a", "mars-1a"),
    *("on-demand", "spot", "capacity-block", "open-reservation", "open", "targeted", "static", "elastic"),
    *("draining", "g1-00000000", "g9999-ffffffff", "g٣-00000000", "g0-00000000", "usw2-az1", "use1-az1"),
    *("0.0.0.0/0", "::/0", "300.1.1.1/24", "10.48.0.0/16", "arn:aws:iam::111122223333:role/x", GROUP),
    *("cr-0123456789abcdef0", "vendor", "eks-standard-arm64", "eks-standard-x86-64", "dra", "bottlerocket", "raid0"),
    *(4, 5, 16, 64, 365, 450, 451, 737, 999, 1000, 5000, 5001, "1.35", "public", "system", "cluster"),
]
NAMES = [str(value)[:70] for value in ODD if not isinstance(value, dict | list)]


def places(value, path=()):
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def at(value, path):
    for part in path:
        value = value[part]
    return value


@st.composite
def spoilt(draw, config):
    """A configuration in which up to three things are something else."""
    config = copy.deepcopy(config)
    for _ in range(draw(st.integers(1, 3))):
        there = [place for section in SECTIONS for place in places(config.get(f"herd:{section}"), (f"herd:{section}",))]
        there = [place for place in there if place[0] in config]
        if not there:
            break
        *above, last = draw(st.sampled_from(there))
        holder = at(config, above)
        what = draw(
            st.sampled_from(["set", "set", "set", "take away", "again", "rename", "add", "as elsewhere", "wrap"])
        )
        if what == "set":
            holder[last] = copy.deepcopy(draw(st.sampled_from(ODD)))
        elif what == "take away":
            del holder[last]
        elif what == "again" and isinstance(holder, list):
            holder.insert(last, copy.deepcopy(holder[last]))
        elif what == "rename" and isinstance(holder, dict) and above:
            holder[draw(st.sampled_from(NAMES))] = holder.pop(last)
        elif what == "add" and isinstance(holder[last], dict):
            holder[last][draw(st.sampled_from(NAMES))] = copy.deepcopy(draw(st.sampled_from(ODD)))
        elif what == "as elsewhere":
            holder[last] = copy.deepcopy(at(config, draw(st.sampled_from(there))))
        elif what == "wrap":
            holder[last] = [holder[last]]
    return config


@pytest.fixture(scope="module")
def world(make_checkout):
    """A checkout, and the configurations of its stacks, all of them sound."""
    checkout, configs = make_checkout(), {}
    for stack in ("dev", "test", "prod"):
        path = checkout.file(stack)
        data = plain(YAML(typ="rt").load(path.read_text()))
        if stack != "dev":
            for key, value in MORE.items():
                data["config"][key] = {**data["config"].get(key, {}), **value}
            data["config"]["herd:pools"]["block"] = POOL
        path.write_text(json.dumps(data, indent=1))
        rekey(checkout.root, stack, {})
        checkout.load(stack)
        load(checkout.root, stack).check()
        configs[stack] = plain(YAML(typ="rt").load(path.read_text()))["config"]
    return checkout, configs


def ways(checkout, stack):
    yield lambda: checkout.load(stack)
    yield lambda: load(checkout.root, stack).check()


def judge(world, data):
    checkout, configs = world
    stack = data.draw(st.sampled_from(sorted(configs)))
    config = data.draw(spoilt(configs[stack]))
    text = json.dumps({"config": config}, indent=1, ensure_ascii=data.draw(st.booleans()))
    checkout.file(stack).write_text(text.replace("NaN", ".nan").replace("Infinity", ".inf"), encoding="utf-8")
    for way in ways(checkout, stack):
        try:
            way()
        except InvalidInputError as error:
            located(error.problems)


def located(problems):
    assert problems
    for problem in problems:
        assert problem.file, problem
        assert problem.message, problem
        assert "\n" not in str(problem), problem
        # The parser has no line for what it takes and we don't.
        assert problem.line or problem.message.startswith("not valid YAML") or "stacks/Pulumi" not in problem.file


QUIETLY = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=30, derandomize=True, **QUIETLY)
@given(data=st.data())
def test_it_loads_or_is_refused_with_its_place(world, data):
    judge(world, data)


@pytest.mark.slow
@settings(max_examples=3000, **QUIETLY)
@given(data=st.data())
def test_it_loads_or_is_refused_with_its_place_many_times(world, data):
    judge(world, data)
