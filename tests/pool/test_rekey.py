"""Keys for generations that nobody has deployed."""

import pytest

from components.base.problems import InvalidInputError
from components.gpu_cluster.keys import hash_of
from herd.pool.drain import drain
from herd.pool.rekey import fresh, rekey
from herd.pool.roll import Order, roll
from herd.pool.stack import load


def test_generations_that_name_an_old_lock_name_the_new_one_with_the_right_keys(project, content, key, comments):
    root, first, second = project
    before = load(root, "dev", content=content)
    changed = rekey(root, "dev", {first: second}, content=content)
    after = load(root, "dev", content=content)
    assert changed == [(name, key(before, name), key(after, name)) for name in before.pools]
    assert after.problems() == []
    assert {generation.release for pool in after.pools.values() for generation in pool.generations} == {second}
    assert after.settings.release == first
    assert comments(after.text) == comments(before.text)
    assert all(hash_of(old) != hash_of(new) for _, old, new in changed)
    assert rekey(root, "dev", {first: second}, content=content) == []


def test_every_generation_of_a_pool_is_rekeyed_and_keeps_its_number(stack, project, content):
    root, first, second = project
    roll(stack, ["g6"], Order(sets={("rootVolume",): {"sizeGib": 500}}))
    changed = rekey(root, "dev", {first: second}, content=content)
    assert [old.partition("-")[0] for name, old, _ in changed if name == "g6"] == ["g1", "g2"]
    assert load(root, "dev", content=content).problems() == []


def test_the_project_s_name_may_be_left_out_in_the_file(project, content):
    root, _, _ = project
    path = root / "stacks" / "Pulumi.dev.yaml"
    path.write_text(path.read_text().replace("herd:pools:", "pools:").replace("herd:reservations:", "reservations:"))
    stack = load(root, "dev", content=content)
    assert stack.problems() == []
    roll(stack, ["g6"], Order(sets={("rootVolume",): {"sizeGib": 500}}))
    assert len(load(root, "dev", content=content).pools["g6"].generations) == 2


def test_fresh_takes_the_release_of_the_stack_or_the_one_that_is_named(stack, project):
    _, first, second = project
    assert fresh(stack, list(stack.pools), None) == []
    assert len(fresh(stack, list(stack.pools), second)) == 4
    assert stack.file.path.read_text().count(second) == 4
    assert f"herd:release: {first}" in stack.file.path.read_text()


def test_fresh_is_for_pools_without_a_past(stack, key, text):
    rolled, _ = roll(stack, ["system"], Order(sets={("maxPods",): 50}))
    drained, _ = drain(rolled, "g6", key(rolled, "g6"))
    before = text(drained)
    with pytest.raises(InvalidInputError, match="has a past") as error:
        fresh(drained, list(drained.pools), None)
    assert [problem.field.split(".")[1] for problem in error.value.problems] == ["system", "system", "g6"]
    assert text(drained) == before


@pytest.mark.parametrize("what", ["stack", "lock", "pools"])
def test_what_can_not_be_read_is_told_with_its_place(project, content, what):
    root, first, _ = project
    path = root / "stacks" / "Pulumi.dev.yaml"
    if what == "stack":
        with pytest.raises(InvalidInputError, match="no stack 'prod'"):
            load(root, "prod", content=content)
    elif what == "lock":
        (root / "stacks" / "releases" / f"{first}.lock.yaml").unlink()
        with pytest.raises(InvalidInputError, match="no such release lock") as error:
            load(root, "dev", content=content)
        assert any(problem.field == "release" and problem.line == 9 for problem in error.value.problems)
    else:
        path.write_text(path.read_text().replace("nodesPerSlice: 4", "nodesPerSlice: many"))
        with pytest.raises(InvalidInputError, match="nodesPerSlice") as error:
            load(root, "dev", content=content)
        assert all(problem.line for problem in error.value.problems)
        assert len(error.value.problems) == 2
