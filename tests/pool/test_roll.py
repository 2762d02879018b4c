"""Rolling: the next generation, or room for the newest; comments and all else stay."""

import difflib

import pytest

from components.base.problems import InvalidInputError
from components.gpu_cluster.keys import hash_of
from herd.pool.roll import Order, parse_sets, roll
from herd.pool.stack import load


def added(before, after):
    """The lines of an edit, without the place."""
    return [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
        if line[:2] not in {"--", "++", "@@"}
    ]


BIGGER = Order(sets={("rootVolume",): {"sizeGib": 500}})


def test_nothing_differs_and_nothing_is_written(stack, text):
    before = text(stack)
    after, said = roll(stack, list(stack.pools), Order())
    assert text(after) == before
    assert said == [
        f"system: {stack.pools['system'].generations[0].key} is what it should be, 1 x 2 nodes",
        f"p5: {stack.pools['p5'].generations[0].key} is what it should be, 4 x 4 nodes",
        f"block: {stack.pools['block'].generations[0].key} is what it should be, 1 x 4 nodes",
        f"g6: {stack.pools['g6'].generations[0].key} is what it should be, up to 4 nodes",
    ]


def test_a_changed_node_is_the_next_generation_beside_the_newest(stack, text, key):
    before = text(stack)
    after, said = roll(stack, ["system"], Order(sets={("maxPods",): 50}))
    new = key(after, "system", 1)
    release = stack.settings.release
    assert added(before, text(after)) == [
        f"+        - key: {new}",
        f"+          release: {release}",
        "+          slices: [0]",
        "+          node:",
        "+            instanceTypes: [m7i.large]",
        "+            image: cpu",
        "+            maxPods: 50",
    ]
    assert new.startswith("g2-")
    assert said[0] == f"system: {new} is new, 1 x 2 nodes, release {release}"
    assert "herd pool drain dev system" in said[1]


def test_the_node_s_comments_come_along(stack, text):
    after, _ = roll(stack, ["p5", "g6"], BIGGER)
    written = text(after)
    assert written.count("# theirs") == 2
    assert written.count("# who hands them out") == 2
    assert written.count("# if need be") == 2
    assert written.count("# made in winter") == 1
    assert "zones: [us-west-2a,   us-west-2b, us-west-2c]" in text(after).replace("availabilityZ", "z")


def test_a_generation_in_braces_gets_one_in_braces(stack, text, key):
    before = text(stack)
    after, _ = roll(stack, ["block"], Order(sets={("devices",): "device-plugin"}))
    [line] = [line for line in added(before, text(after)) if line.startswith("+        - ")]
    assert line.startswith(
        f"+        - {{key: {key(after, 'block', 1)}, release: {stack.settings.release}, slices: [], node: {{"
    )


def test_another_release_is_another_image(stack, project, key):
    _, _, second = project
    after, _ = roll(stack, ["p5"], Order(release=second))
    [old, new] = after.pools["p5"].generations
    assert (old.release, new.release) == (stack.settings.release, second)
    assert hash_of(old.key) != hash_of(new.key)
    assert old.node == new.node


def test_a_full_reservation_is_swapped_slice_by_slice(stack, key, edited):
    after, said = roll(stack, ["p5"], BIGGER)
    old = key(stack, "p5")
    assert after.pools["p5"].generations[1].slices == ()
    assert said[1] == (
        f"p5: no room beside what there is: `herd pool drain dev p5 {old} --slice 3`, up,"
        f" `herd pool retire dev p5 {old} --slice 3 --evidence FILE`, up, `herd pool roll dev p5`"
    )
    shrunk = edited(after, "slices: [0, 1, 2, 3]", "slices: [0, 1]")
    grown, said = roll(shrunk, ["p5"], Order())
    assert grown.pools["p5"].generations[1].slices == (0, 1)
    assert said[0] == f"p5: {key(after, 'p5', 1)} grows to 2 x 4 nodes"


def test_room_that_is_kept_for_the_next_roll_stays_unless_it_is_asked_for(stack):
    after, _ = roll(stack, ["g6", "system"], BIGGER)
    assert [generation.max_nodes for generation in after.pools["g6"].generations] == [4, 4]
    again, _ = roll(after, ["g6", "system"], Order())
    assert again.text == after.text
    filled, _ = roll(after, ["g6", "system"], Order(fill=True))
    assert [generation.max_nodes for generation in filled.pools["g6"].generations] == [4, 8]
    assert filled.pools["system"].generations[1].slices == (0, 1)


def test_an_elastic_pool_without_room_waits_at_zero_and_says_how_to_make_some(stack, edited):
    full = edited(stack, "maxNodes: 12", "maxNodes: 4")
    after, said = roll(full, ["g6"], BIGGER)
    assert after.pools["g6"].generations[1].max_nodes == 0
    assert "lower the maxNodes of" in said[1]
    lowered = edited(after, "        maxNodes: 4\n        node", "        maxNodes: 1\n        node")
    grown, _ = roll(lowered, ["g6"], Order(fill=True))
    assert [generation.max_nodes for generation in grown.pools["g6"].generations] == [1, 3]


def test_a_pool_at_zero_stays_there_unless_it_is_told_to_fill(stack, edited):
    zero = edited(stack, "maxNodes: 4\n        node", "maxNodes: 0\n        node")
    after, said = roll(zero, ["g6"], Order())
    assert after.text == zero.text
    assert said[-1] == "g6: has no nodes: `herd pool roll dev g6 --fill` takes the free room"
    rolled, _ = roll(zero, ["g6"], BIGGER)
    assert [generation.max_nodes for generation in rolled.pools["g6"].generations] == [0, 0]
    filled, _ = roll(edited(stack, "maxNodes: 4\n        node", "maxNodes: 0\n        node"), ["g6"], Order(fill=True))
    assert filled.pools["g6"].generations[0].max_nodes == 12


def test_reserved_capacity_is_never_left_at_zero(stack, edited):
    zero = edited(stack, "slices: [0, 1, 2, 3] # all of it", "slices: []")
    after, _ = roll(zero, ["p5"], Order())
    assert after.pools["p5"].generations[0].slices == (0, 1, 2, 3)


def test_pools_that_share_a_reservation_share_the_room(stack, edited):
    shared = edited(stack, "slices: [0, 1, 2, 3] # all of it", "slices: [0] # all of it")
    after, _ = roll(shared, list(shared.pools), Order())
    assert after.pools["p5"].generations[0].slices == (0, 1, 2, 3)


def test_a_draining_newest_generation_has_a_next_one_with_the_same_content(stack, key, edited):
    drained = edited(stack, "maxNodes: 4\n        node", "maxNodes: 4\n        phase: draining\n        node")
    after, _ = roll(drained, ["g6"], Order())
    assert [hash_of(generation.key) for generation in after.pools["g6"].generations] == [hash_of(key(stack, "g6"))] * 2
    assert [generation.number for generation in after.pools["g6"].generations] == [1, 2]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (Order(sets={("rootVolume", "iops"): 9}), "node.rootVolume.iops: input should be greater"),
        (Order(sets={("rootVolum",): 9}), "node.rootVolum: unknown key.*did you mean 'rootVolume'"),
        (Order(sets={("image",): "gpus"}), "has no image 'gpus'"),
        (Order(sets={("efa",): True, ("instanceTypes",): ["g6.xlarge"]}), "no EFA"),
        (Order(release="july-000000000000"), "no such release lock"),
    ],
)
def test_what_would_not_load_is_never_written(stack, text, order, message):
    before = text(stack)
    with pytest.raises(InvalidInputError, match=message):
        roll(stack, ["g6"], order)
    assert text(stack) == before


def test_every_pool_s_problems_are_told_at_once(stack):
    with pytest.raises(InvalidInputError) as error:
        roll(stack, ["p5", "g6"], Order(sets={("image",): "gpus"}))
    assert [problem.field for problem in error.value.problems] == ["pools.g6", "pools.p5"]


def test_a_stack_with_problems_is_not_rolled(stack, project, content, text):
    stack.file.path.write_text(text(stack).replace("image: gpu # theirs", "image: cpu # theirs"))
    broken = load(project[0], "dev", content=content)
    with pytest.raises(InvalidInputError, match="changed content under an old key") as error:
        roll(broken, ["g6"], BIGGER)
    assert [stack.text.splitlines()[problem.line - 1].split()[:2] for problem in error.value.problems] == [
        ["-", "key:"]
    ]


def test_a_node_with_an_anchor_is_not_copied(stack, edited):
    anchored = edited(stack, "node:\n            instanceTypes: [m7i", "node: &cpu\n            instanceTypes: [m7i")
    with pytest.raises(InvalidInputError, match=r"pools.system.generations\[0\].node: has an anchor"):
        roll(anchored, ["system"], Order(sets={("maxPods",): 50}))


class TestSets:
    def test_values_are_yaml_and_labels_keep_their_dots(self):
        given = [
            "node.rootVolume.sizeGib=500",
            "node.labels.example.com/team=vision",
            "node.maxPods=null",
            "node.instanceTypes=[a.b, c.d]",
            "node.labels={}",
        ]
        assert parse_sets(given) == {
            ("rootVolume", "sizeGib"): 500,
            ("labels", "example.com/team"): "vision",
            ("maxPods",): None,
            ("instanceTypes",): ["a.b", "c.d"],
            ("labels",): {},
        }

    def test_everything_wrong_is_told_at_once(self):
        with pytest.raises(InvalidInputError) as error:
            parse_sets(["rootVolume.sizeGib=500", "node.efa", "node.=1", "node.efa=[", "node.efa=true"])
        assert len(error.value.problems) == 4

    def test_a_field_can_be_taken_away(self, stack):
        set_, _ = roll(stack, ["system"], Order(sets={("maxPods",): 50, ("labels", "example.com/a"): "b"}))
        assert set_.pools["system"].generations[1].node.labels == {"example.com/a": "b"}
        after, _ = roll(
            set_, ["system"], Order(sets={("maxPods",): None, ("labels", "example.com/a"): None, ("devices",): None})
        )
        newest = after.pools["system"].generations[-1].node
        assert (newest.max_pods, newest.labels) == (None, {})
