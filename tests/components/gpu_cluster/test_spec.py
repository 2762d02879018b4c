"""Pools as a stack file writes them: what no pool is like."""

import copy

import pytest

from components.base.problems import InvalidInputError
from components.base.spec import Spec
from components.base.validation import validate
from components.gpu_cluster.spec import Pools


class _File(Spec):
    pools: Pools


STATIC = {
    "kind": "static",
    "capacity": {"kind": "on-demand"},
    "zones": ["us-west-2a"],
    "nodesPerSlice": 2,
    "maxNodes": 8,
    "generations": [
        {
            "key": "g12-0a1b2c3d",
            "release": "june",
            "slices": [0, 1],
            "drainingSlices": [1],
            "node": {"instanceTypes": ["m7i.large"], "image": "cpu"},
        }
    ],
}
ELASTIC = {
    **{key: STATIC[key] for key in ("capacity", "zones", "maxNodes")},
    "kind": "elastic",
    "generations": [
        {
            "key": "g1-0a1b2c3d",
            "release": "june",
            "maxNodes": 0,
            "node": {"instanceTypes": ["m7i.large"], "image": "cpu"},
        }
    ],
}


def changed(pool, path, value):
    data = copy.deepcopy(pool)
    *way, last = path.split(".")
    inner = data
    for part in way:
        inner = inner[int(part)] if part.isdigit() else inner.setdefault(part, {})
    inner[last] = value
    return {"pools": {"a": data}}


def test_the_pools_above_are_read_and_number_their_generations():
    pools = validate(_File, {"pools": {"a": STATIC, "b": ELASTIC}}, file="f").pools
    assert [pools[name].generations[0].number for name in "ab"] == [12, 1]


@pytest.mark.parametrize(
    ("pool", "path", "value", "message"),
    [
        (STATIC, "generations.0.slices", [1, 1], "slice 1 is listed twice"),
        (STATIC, "generations.0.drainingSlices", [7], "slice 7 is not among"),
        (STATIC, "generations.0.key", "g0-0a1b2c3d", "match pattern"),
        (STATIC, "generations.0.key", "g1-0a1b2c3", "match pattern"),
        (STATIC, "generations.0.phase", "retired", "'active' or 'draining'"),
        (STATIC, "generations.0.maxNodes", 4, "unknown key"),
        (STATIC, "weight", 4, "unknown key"),
        (STATIC, "zones", [], "at least 1 item"),
        (STATIC, "generations.0.node.instanceTypes", [], "at least 1 item"),
        (STATIC, "generations.0.node.format", 2, "should be 1"),
        (STATIC, "generations.0.node.efa", "yes please", "valid boolean"),
        (STATIC, "generations.0.node.labels", {"a b": "c"}, "match pattern"),
        (STATIC, "generations.0.node.taints", [{"key": "a", "effect": "Never"}], "'NoSchedule'"),
        (STATIC, "generations.0.node.rootVolume", {"iops": 100}, "greater than or equal to 3000"),
        (STATIC, "repair", {"maxUnhealthyPercent": 0}, "greater than or equal to 1"),
        (ELASTIC, "generations.0.slices", [0], "unknown key"),
        (ELASTIC, "placement", "cluster", "unknown key"),
        (ELASTIC, "disruption", {"expireAfter": "1d"}, "match pattern"),
        (ELASTIC, "maxNodes", True, "not true or false"),
        (ELASTIC, "kind", "spot", "unknown: 'spot'"),
    ],
)
def test_what_no_pool_is_like(pool, path, value, message):
    with pytest.raises(InvalidInputError) as error:
        validate(_File, changed(pool, path, value), file="stack.yaml")
    fields = [problem.field for problem in error.value.problems]
    assert all(field.startswith("pools.a.") for field in fields), fields
    assert any(message in problem.message for problem in error.value.problems), str(error.value)
