"""What can't be in a stack's pools, each refused where it stands, with the reason; and what a key protects."""

import copy
import time
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from components.base.context import StackContext
from components.base.problems import InvalidInputError
from components.capacity.ledger import Promise
from components.capacity.spec import Reservations
from components.gpu_cluster.checks import problems
from components.gpu_cluster.content import content
from components.gpu_cluster.keys import key
from components.gpu_cluster.spec import Pools
from components.release.spec import AmiPin, ReleaseSpec

CONTEXT = StackContext(
    project="herd",
    stack="prod",
    environment="prod",
    account="111122223333",
    region="us-west-2",
    availability_zones=("us-west-2a", "us-west-2b", "us-west-2c"),
    tags={},
)


def pin(number, architecture="x86_64"):
    return AmiPin(
        id=f"ami-{number:017x}", architecture=architecture, provenance="vendor", recipe_hash=None, bill_of_materials={}
    )


RELEASES = {
    "june": ReleaseSpec(
        name="june",
        sha256="0" * 64,
        amis={"gpu": pin(1), "cpu": pin(2), "arm": pin(3, "arm64")},
        images={},
        charts={},
        versions={},
    )
}
RESERVED = {
    "p5-prod": {
        "kind": "targeted",
        "id": "cr-0123456789abcdef0",
        "instanceType": "p5.48xlarge",
        "zone": "us-west-2a",
        "count": 16,
    }
}
POOLS = {
    "p5": {
        "kind": "static",
        "capacity": {"kind": "targeted-reservation", "reservation": "p5-prod"},
        "zones": ["us-west-2a"],
        "nodesPerSlice": 4,
        "maxNodes": 16,
        "generations": [
            {
                "release": "june",
                "slices": [0, 1, 2],
                "node": {"instanceTypes": ["p5.48xlarge"], "image": "gpu", "efa": True, "devices": "dra"},
            },
            {
                "release": "june",
                "slices": [0],
                "node": {"instanceTypes": ["p5.48xlarge"], "image": "gpu", "efa": True, "devices": "device-plugin"},
            },
        ],
    },
    "g6": {
        "kind": "elastic",
        "capacity": {"kind": "spot"},
        "zones": ["us-west-2a", "us-west-2b"],
        "maxNodes": 8,
        "generations": [
            {
                "release": "june",
                "maxNodes": 4,
                "node": {"instanceTypes": ["g6.xlarge", "g6.2xlarge"], "image": "gpu", "devices": "device-plugin"},
            }
        ],
    },
}


def parse(pools, reserved=RESERVED):
    return TypeAdapter(Pools).validate_python(pools), TypeAdapter(Reservations).validate_python(reserved)


@pytest.fixture(scope="module")
def sound():
    """The pools above with the keys of their content."""
    data = copy.deepcopy(POOLS)
    for pool in data.values():
        for number, generation in enumerate(pool["generations"], 1):
            generation["key"] = f"g{number}-00000000"
    parsed, reserved = parse(data)
    for name, pool in parsed.items():
        for at, generation in enumerate(pool.generations):
            made = content(name, pool, generation.node, RELEASES["june"].amis[generation.node.image], reserved)
            data[name]["generations"][at]["key"] = key(at + 1, made)
    return data


def found(pools, reserved=RESERVED, **others):
    given = {"zone_ids": {}, "content": content, **others}
    return [*problems(*parse(pools, reserved), RELEASES, CONTEXT, given.pop("zone_ids"), **given)]


def changed(pools, path, value):
    data = copy.deepcopy(pools)
    *way, last = path.split(".")
    inner = data
    for part in way:
        inner = inner[int(part)] if isinstance(inner, list) else inner.setdefault(part, {})
    at = int(last) if isinstance(inner, list) else last
    if value is None:
        del inner[at]
    else:
        inner[at] = value
    return data


def test_sound_pools_have_nothing_wrong(sound):
    assert found(sound) == []


P5, NODE, G6 = "p5.generations.0", "p5.generations.0.node", "g6.generations.0.node"
ILLEGAL = YAML(typ="safe").load(Path(__file__).with_name("illegal.yaml"))


@pytest.mark.parametrize("case", ILLEGAL, ids=lambda case: case["name"])
def test_what_can_not_be(sound, case):
    rows = found(changed(sound, case["set"], case["to"]))
    told = [(".".join(map(str, path[1:])), message) for path, message, _ in rows]
    assert any(at == case["at"] and case["says"] in message for at, message in told), told
    assert all(fix for _, _, fix in rows)


def test_a_problem_of_the_pool_is_told_once_and_not_for_every_generation(sound):
    rows = found(changed(sound, "p5.zones", ["us-west-2a", "us-west-2b"]))
    assert len([path for path, message, _ in rows if message == "EFA never crosses zones"]) == 1
    assert len(set(rows)) == len(rows)


def test_all_pools_and_generations_share_a_reservation(sound):
    pools = copy.deepcopy(sound)
    pools["more"] = copy.deepcopy(pools["p5"])
    [first, second] = [generation["key"] for generation in pools["p5"]["generations"]]
    rows = [row for row in found(pools) if "promises" in row[1]]
    [(path, message, _)] = rows
    assert path == ("pools", "more", "generations", 0, "slices")
    assert message == (
        f"pool p5 {first} promises 12, pool p5 {second} 4, pool more {first} 12, pool more {second} 4:"
        " together 32, reservation p5-prod holds 16"
    )


def test_what_others_were_promised_counts(sound):
    rows = found(sound, others=(Promise("queue train", "p5-prod", 4, ("queues", "train")),))
    [(path, message, _)] = rows
    assert path == ("queues", "train")
    assert message.endswith(", queue train 4: together 20, reservation p5-prod holds 16")


def test_zone_ids_are_of_the_stack_s_zones_and_different(sound):
    rows = found(sound, zone_ids={"us-west-2d": "usw2-az4", "us-west-2a": "usw2-az1", "us-west-2b": "usw2-az1"})
    assert [path for path, _, _ in rows if path[0] == "zoneIds"] == [
        ("zoneIds", "us-west-2d"),
        ("zoneIds", "us-west-2b"),
    ]


class TestKeys:
    def test_changed_content_under_an_old_key_is_refused_with_the_way_out(self, sound):
        [(path, message, fix)] = found(changed(sound, f"{NODE}.rootVolume", {"sizeGib": 500}))
        assert path == ("pools", "p5", "generations", 0, "key")
        assert message.startswith("changed content under an old key")
        assert "herd pool roll prod p5 --set node.FIELD=VALUE" in fix

    def test_another_image_is_other_content(self, sound):
        rows = found(changed(sound, f"{G6}.image", "cpu"))
        assert [path for path, _, _ in rows] == [("pools", "g6", "generations", 0, "key")]

    @pytest.mark.parametrize(
        ("path", "value"),
        [(f"{P5}.slices", [0]), (f"{P5}.phase", "draining"), ("p5.repair", {"enabled": False}), ("p5.maxNodes", 16)],
    )
    def test_sizes_phases_and_policies_are_no_content(self, sound, path, value):
        assert found(changed(sound, path, value)) == []

    def test_another_capacity_makes_another_pool(self, sound):
        rows = found(changed(sound, "p5.capacity", {"kind": "on-demand"}))
        assert [path[3] for path, _, _ in rows] == [0, 1]
        assert all("makes another pool" in fix for _, _, fix in rows)

    def test_a_hash_nobody_worked_out_says_how(self, sound):
        [(_, message, fix)] = found(changed(sound, f"{P5}.key", "g1-00000000"))
        assert "nobody has worked out the hash" in message
        assert "--fresh" in fix

    def test_content_that_can_not_be_is_a_finding_and_no_crash(self, sound):
        def refuses(*_):
            raise InvalidInputError.one("no such thing", fix="another")

        rows = found(sound, content=refuses)
        assert rows[0] == (("pools", "p5", "generations", 0), "no such thing", "another")
        assert len(rows) == 3


def test_a_block_is_long_enough_for_nodes_to_leave(sound):
    block = {
        **RESERVED["p5-prod"],
        "kind": "capacity-block",
        "start": "2027-01-04T11:30:00Z",
        "end": "2027-01-04T12:05:00Z",
    }
    pools = changed(sound, "p5.capacity", {"kind": "capacity-block", "reservation": "p5-prod"})
    assert any(
        path == ("pools", "p5", "capacity") and "no time" in message
        for path, message, _ in found(pools, {"p5-prod": block})
    )


def many(count):
    """Pools with three generations each, and their reservations."""
    reserved = {f"r{at}": {**RESERVED["p5-prod"], "id": f"cr-{at:017x}"} for at in range(count)}
    pools = {}
    for at in range(count):
        pool = copy.deepcopy(POOLS["p5"])
        pool["capacity"]["reservation"] = f"r{at}"
        pool["generations"] = [
            {**pool["generations"][0], "key": f"g{number}-00000000", "slices": [number]} for number in (1, 2, 3)
        ]
        pools[f"p{at}"] = pool
    return parse(pools, reserved)


def test_a_thousand_pools_are_judged_in_linear_time():
    def seconds(count):
        pools, reserved = many(count)
        start = time.perf_counter()
        rows = [*problems(pools, reserved, RELEASES, CONTEXT, {}, content=lambda *_: {})]
        assert len(rows) == 3 * count
        return time.perf_counter() - start

    seconds(10)
    small, large = seconds(100), seconds(1000)
    assert large < max(40 * small, 1.0)
