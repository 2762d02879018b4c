"""Retiring takes draining, and evidence that nothing runs there."""

import hashlib
import json
import shutil

import pytest

from components.base.problems import InvalidInputError
from herd.pool.drain import drain
from herd.pool.retire import retire
from herd.pool.roll import Order, roll
from herd.pool.stack import load


@pytest.fixture(scope="module")
def swapping_text(template, content, tmp_path_factory):
    """The full pool with a next generation that waits, and slice 3 of the old one draining."""
    root = tmp_path_factory.mktemp("swapping") / "project"
    shutil.copytree(template[0], root)
    stack = load(root, "dev", content=content)
    rolled, _ = roll(stack, ["p5"], Order(sets={("rootVolume",): {"sizeGib": 500}}))
    drained, _ = drain(rolled, "p5", stack.pools["p5"].generations[0].key, [3])
    return drained.text


@pytest.fixture
def swapping(stack, swapping_text, content):
    """The stack in the midst of a swap."""
    stack.file.path.write_text(swapping_text)
    return load(stack.root, "dev", content=content)


@pytest.fixture
def nodes(swapping, key, make_node):
    """The pool's nodes, one a slice."""
    old = key(swapping, "p5")
    return [make_node(f"n{slot}", "p5", old, slot, draining=slot == 3) for slot in range(4)]


def test_an_empty_slice_goes_and_the_next_generation_takes_its_place(
    swapping, nodes, cluster, now, key, make_pod, comments
):
    busy = make_pod("train", "n2", owner="Job")
    file = cluster(nodes, [busy])
    old = key(swapping, "p5")
    after, said = retire(swapping, "p5", old, [3], evidence=file, now=now)
    assert after.pools["p5"].generations[0].slices == (0, 1, 2)
    assert "slices: [0, 1, 2] # all of it\n          node:" in after.text
    assert said[0] == f"p5: {old} slice 3 is retired"
    assert said[1] == f"evidence: sha256 {hashlib.sha256(file.read_bytes()).hexdigest()} (for the commit message)"
    assert comments(after.text) == comments(swapping.text)
    grown, _ = roll(after, ["p5"], Order())
    assert grown.pools["p5"].generations[1].slices == (0,)


def test_the_last_slice_takes_its_generation_along(swapping, cluster, now, key, make_node):
    old = key(swapping, "p5")
    drained, _ = drain(swapping, "p5", old)
    file = cluster([make_node(f"n{slot}", "p5", old, slot) for slot in range(4)])
    after, said = retire(drained, "p5", old, evidence=file, now=now)
    [left] = after.pools["p5"].generations
    assert left.key == key(swapping, "p5", 1)
    assert said[0] == f"p5: {old} is retired"
    assert "# made in winter" in after.text


def test_a_generation_that_has_no_slices_has_nothing_to_show(swapping, now, key):
    waiting = key(swapping, "p5", 1)
    after, said = retire(swapping, "p5", waiting, evidence=None, now=now)
    assert [generation.key for generation in after.pools["p5"].generations] == [key(swapping, "p5")]
    assert len(said) == 2


def test_the_only_generation_may_go_and_leaves_a_list_without_any(stack, cluster, now, key, make_node):
    drained, _ = drain(stack, "g6", key(stack, "g6"))
    file = cluster([make_node("s", "system", key(stack, "system"), 0)])
    after, _ = retire(drained, "g6", key(stack, "g6"), evidence=file, now=now)
    assert after.pools["g6"].generations == ()
    assert "      generations: []\n    # the end of the pools\n" in after.text


class TestRefused:
    def refused(self, stack, message, **arguments):
        with pytest.raises(InvalidInputError, match=message) as error:
            retire(stack, "p5", stack.pools["p5"].generations[0].key, arguments.pop("slices", [3]), **arguments)
        assert stack.file.path.read_text() == stack.text
        return [str(problem) for problem in error.value.problems]

    def test_what_takes_new_work(self, swapping, nodes, cluster, now):
        [said] = self.refused(swapping, "slice 2 takes new work", slices=[2, 3], evidence=cluster(nodes), now=now)
        assert "herd pool drain dev p5" in said
        assert "--slice 2`" in said

    def test_a_slice_that_is_not_there(self, swapping, nodes, cluster, now):
        self.refused(swapping, "there is no slice 9", slices=[9], evidence=cluster(nodes), now=now)

    def test_without_evidence(self, swapping, now):
        self.refused(
            swapping, "takes evidence that nothing runs there.*kubectl get nodes,pods -A", evidence=None, now=now
        )

    @pytest.mark.parametrize(
        ("owner", "phase"), [("Job", "Running"), ("ReplicaSet", "Pending"), ("StatefulSet", "Unknown")]
    )
    def test_with_work_on_it_whose_names_are_told(self, swapping, nodes, cluster, now, make_pod, owner, phase):
        file = cluster(nodes, [make_pod("train", "n3", owner=owner, phase=phase)])
        [said] = self.refused(swapping, "1 pods still run there", evidence=file, now=now)
        assert "work/train on n3" in said

    def test_with_more_work_than_anyone_reads(self, swapping, nodes, cluster, now, make_pod):
        file = cluster(nodes, [make_pod(f"train-{at}", "n3", owner="Job") for at in range(12)])
        [said] = self.refused(swapping, "12 pods still run there", evidence=file, now=now)
        assert "and 2 more" in said

    def test_pods_that_belong_to_the_node_or_are_over_are_no_work(self, swapping, nodes, cluster, now, make_pod, key):
        pods = [
            make_pod("agent", "n3"),
            make_pod("static", "n3", owner="Node", mirror=True),
            make_pod("done", "n3", owner="Job", phase="Succeeded"),
            make_pod("failed", "n3", owner="Job", phase="Failed"),
            make_pod("waits", None, owner="Job", phase="Pending"),
        ]
        after, _ = retire(swapping, "p5", key(swapping, "p5"), [3], evidence=cluster(nodes, pods), now=now)
        assert after.pools["p5"].generations[0].slices == (0, 1, 2)

    def test_nodes_without_the_taint(self, swapping, nodes, cluster, now):
        nodes[3]["spec"]["taints"] = []
        [said] = self.refused(swapping, "n3: still open to new pods", evidence=cluster(nodes), now=now)
        assert "`pulumi up` first" in said

    def test_a_slice_nobody_looked_at(self, swapping, nodes, cluster, now, key):
        self.refused(swapping, "slice 3: that isn't known to be empty", evidence=cluster(nodes[:3]), now=now)
        file = cluster(nodes[:3])
        after, _ = retire(swapping, "p5", key(swapping, "p5"), [3], evidence=file, now=now, never_started=True)
        assert after.pools["p5"].generations[0].slices == (0, 1, 2)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"address": "10.32.3.4"}, "1 nodes are not in 10.16.0.0/16, the stack's network: n3 at 10.32.3.4"),
            ({"address": "hidden"}, "n3 at hidden"),
            ({"beat": "2027-01-10T10:00:00Z"}, "is 2.0 hours old"),
            ({"beat": "2027-01-10T12:30:00Z"}, "is from the future"),
            ({"beat": None}, "no node ever gave a sign of life"),
        ],
    )
    def test_what_can_not_be_believed(self, swapping, cluster, now, key, make_node, changes, message):
        nodes = [make_node("n3", "p5", key(swapping, "p5"), 3, **changes)]
        self.refused(swapping, message, evidence=cluster(nodes), now=now)

    def test_another_cluster_s_nodes(self, swapping, cluster, now, make_node, nodes):
        strange = make_node("n3", "p5", "g1-ffffffff", 3)
        self.refused(
            swapping, "holds no node of any generation in the stack file", evidence=cluster([strange]), now=now
        )
        nodes[0]["metadata"]["labels"]["topology.kubernetes.io/region"] = "eu-west-1"
        self.refused(swapping, "1 nodes are not in us-west-2.*n0 in eu-west-1", evidence=cluster(nodes), now=now)

    def test_pods_of_one_namespace_alone(self, swapping, nodes, tmp_path, now):
        file = tmp_path / "part.json"
        file.write_text(json.dumps({"kind": "List", "items": nodes}))
        self.refused(swapping, "4 nodes and 0 pods: no cluster is like that", evidence=file, now=now)

    def test_a_ready_node_without_a_single_pod(self, swapping, nodes, cluster, now, make_node, key):
        file = cluster(nodes)
        data = json.loads(file.read_text())
        data["items"] = [item for item in data["items"] if item["metadata"]["name"] != "aws-node-n3"]
        file.write_text(json.dumps(data))
        self.refused(swapping, "n3: ready, but without a single pod", evidence=file, now=now)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('{"kind": "List", "items": [', "isn't whole JSON"),
            ("[" * 100_000, "isn't whole JSON"),
            ("", "isn't whole JSON"),
            ("[]", "isn't a List"),
            ('{"kind": "NodeList", "items": []}', "isn't a List"),
            ('{"kind": "List", "items": [{"kind": "Secret"}]}', "no node or pod"),
            ('{"kind": "List", "items": ["x"]}', "no node or pod"),
            ('{"kind": "List", "items": [{"kind": "Node", "metadata": 3}]}', "no node or pod"),
            ('{"kind": "List", "items": [], "metadata": {"continue": "abc"}}', "is a part of a list"),
            ('{"kind": "List", "items": []}', "0 nodes and 0 pods"),
        ],
    )
    def test_what_is_no_dump(self, swapping, tmp_path, now, text, message):
        file = tmp_path / "dump.json"
        file.write_text(text)
        self.refused(swapping, message, evidence=file, now=now)
        self.refused(swapping, "can't be read", evidence=tmp_path / "none.json", now=now)


def test_a_block_whose_window_is_over_has_no_nodes_to_show(stack, cluster, now, key, make_node, edited):
    drained, _ = drain(stack, "block", key(stack, "block"))
    file = cluster([make_node("s", "system", key(stack, "system"), 0, draining=False)])
    after, _ = retire(drained, "block", key(stack, "block"), evidence=file, now=now)
    assert after.pools["block"].generations == ()
    running = edited(drained, "2027-01-08T11", "2027-02-08T11")
    with pytest.raises(InvalidInputError, match="slice 0: that isn't known to be empty"):
        retire(running, "block", key(stack, "block"), evidence=file, now=now)
