"""Draining is written down and nothing else."""

import pytest

from components.base.problems import InvalidInputError
from herd.pool.drain import drain
from herd.pool.roll import Order, roll


def test_a_generation_drains_once(stack, text, key):
    old = key(stack, "g6")
    after, said = drain(stack, "g6", old)
    assert text(after) == stack.text.replace(
        f"      - key: {old}\n        release: {stack.settings.release}\n",
        f"      - key: {old}\n        release: {stack.settings.release}\n        phase: draining\n",
    )
    assert said[:2] == [f"g6: {old} drains", "g6: no active generation has nodes: what is evicted waits"]
    assert f"`herd pool retire dev g6 {old} --evidence FILE`" in said[2]
    again, said = drain(after, "g6", old)
    assert again.text == after.text
    assert said[0] == f"g6: {old} drains already"


def test_slices_drain_one_after_the_other_and_keep_their_order(stack, key):
    old = key(stack, "p5")
    after, said = drain(stack, "p5", old, [3])
    assert after.pools["p5"].generations[0].draining_slices == (3,)
    assert len(said) == 2
    after, _ = drain(after, "p5", old, [1, 3])
    assert after.pools["p5"].generations[0].draining_slices == (1, 3)
    assert "slices: [0, 1, 2, 3] # all of it\n          drainingSlices: [1, 3]\n" in after.text
    after, _ = drain(after, "p5", old)
    assert "drainingSlices" not in after.text
    assert after.pools["p5"].generations[0].phase == "draining"


def test_a_slice_named_twice_is_one(stack, key):
    _, said = drain(stack, "p5", key(stack, "p5"), [3, 3])
    assert said[0].endswith("slice 3 drains")
    assert said[-1].count("--slice 3") == 1


def test_what_drains_whole_drains_with_every_slice(stack, key):
    whole, _ = drain(stack, "p5", key(stack, "p5"))
    after, said = drain(whole, "p5", key(stack, "p5"), [2])
    assert after.text == whole.text
    assert said[0].endswith("drains already")


def test_in_braces_as_well(stack, key):
    after, _ = drain(stack, "block", key(stack, "block"), [0])
    assert "slices: [0], drainingSlices: [0], node:" in after.text


@pytest.mark.parametrize(
    ("pool", "generation", "slices", "message"),
    [
        ("p6", "g1-00000000", [], "POOL: the stack has no pool 'p6'.*known here: block, g6, p5, system"),
        ("p5", "g1-00000000", [], "no generation 'g1-00000000'"),
        ("p5", None, [7, 8], "there is no slice 7.*it has: 0, 1, 2, 3"),
        ("g6", None, [0], "an elastic generation has no slices"),
        ("system", None, [], "system pool has 0 nodes that take new work"),
    ],
)
def test_what_can_not_drain(stack, text, key, pool, generation, slices, message):
    generation = generation or key(stack, pool)
    with pytest.raises(InvalidInputError, match=message):
        drain(stack, pool, generation, slices)
    assert text(stack) == stack.text


def test_the_system_pool_drains_once_its_next_generation_is_there(stack, key):
    rolled, _ = roll(stack, ["system"], Order(sets={("maxPods",): 50}))
    after, said = drain(rolled, "system", key(stack, "system"))
    assert [generation.phase for generation in after.pools["system"].generations] == ["draining", "active"]
    assert len(said) == 2
