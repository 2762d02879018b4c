"""Any sequence of legal edits: what is reserved is never exceeded, no generation changes, no comment is lost."""

import json
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from components.base.problems import InvalidInputError
from components.capacity.ledger import promised
from components.gpu_cluster.bounds import nodes_in, promises
from components.gpu_cluster.spec import StaticGeneration
from herd.pool.drain import drain
from herd.pool.retire import retire
from herd.pool.roll import Order, roll
from herd.pool.stack import load

OUTSIDE = (
    "# A stack of its own.",
    "# quoted",
    "# till June",
    "# every pool there is",
    "# the big ones",
    "# made in winter",
    "# the end of the pools",
    "# the end of the file",
)
POOLS = st.sampled_from(["system", "p5", "g6"])


class Edits(RuleBasedStateMachine):
    """Rolls, drains and retires, on a copy of the project in `source`; a subclass binds the fixtures."""

    @initialize()
    def start(self):
        self.folder = Path(tempfile.mkdtemp())
        shutil.copytree(self.source, self.folder / "project")
        self.stack = load(self.folder / "project", "dev", content=self.content)
        self.known = self.generations()

    def teardown(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def generations(self):
        return {
            (name, generation.key): (generation.node, generation.release)
            for name, pool in self.stack.pools.items()
            for generation in pool.generations
        }

    def edited(self, edit):
        """Either the edit is made, or it is refused and the file is as it was."""
        before = self.stack.text
        try:
            self.stack, _ = edit(self.stack)
        except InvalidInputError:
            assert self.stack.file.path.read_text() == before
            return False
        assert self.stack.file.path.read_text() == self.stack.text
        return True

    @rule(pool=POOLS, size=st.sampled_from([100, 200, 300]), release=st.integers(0, 1), fill=st.booleans())
    def roll_pool(self, pool, size, release, fill):
        if not self.stack.pools[pool].generations:
            return
        order = Order(self.locks[release], {("rootVolume",): {"sizeGib": size}}, fill)
        assert self.edited(lambda stack: roll(stack, [pool], order))
        once = self.stack.text
        assert self.edited(lambda stack: roll(stack, [pool], order))
        assert self.stack.text == once

    def one_of_them(self, data):
        """Some generation, and slices that it has, or none."""
        there = [(name, generation) for name, pool in self.stack.pools.items() for generation in pool.generations]
        name, generation = data.draw(st.sampled_from(there))
        numbers = getattr(generation, "slices", ())
        slices = data.draw(st.sets(st.sampled_from(numbers), max_size=2)) if numbers else set()
        return name, generation, sorted(slices)

    @rule(data=st.data())
    def drain_some(self, data):
        name, generation, slices = self.one_of_them(data)
        self.edited(lambda stack: drain(stack, name, generation.key, slices))

    @rule(data=st.data(), busy=st.booleans())
    def retire_some(self, data, busy):
        name, generation, slices = self.one_of_them(data)
        going = slices or getattr(generation, "slices", ())
        some = isinstance(generation, StaticGeneration) and set(going) <= set(generation.draining_slices)
        draining = generation.phase == "draining" or some
        evidence = self.dump(busy=busy)
        done = self.edited(lambda stack: retire(stack, name, generation.key, slices, evidence=evidence, now=self.now))
        # Where new work may come, or work is, it stays; where neither is, it goes, but for the last system nodes.
        may_have_nodes = bool(going) or not isinstance(generation, StaticGeneration)
        if may_have_nodes and (busy or not draining):
            assert not done
        elif name != "system":
            assert done

    def dump(self, *, busy):
        """What a cluster says whose nodes are as the file wants them, with or without work on every one."""
        nodes = [
            self.make_node(f"{name}-{generation.key}-{slot}", name, generation.key, slot)
            for name, pool in self.stack.pools.items()
            for generation in pool.generations
            for slot in getattr(generation, "slices", (None,))
        ]
        names = [node["metadata"]["name"] for node in nodes]
        pods = [self.make_pod(f"net-{name}", name) for name in names]
        pods += [self.make_pod(f"job-{name}", name, owner="Job") for name in names if busy]
        path = self.folder / "evidence.json"
        path.write_text(json.dumps({"kind": "List", "items": [*nodes, *pods]}))
        return path

    @invariant()
    def nothing_is_exceeded(self):
        if not hasattr(self, "stack"):
            return
        assert self.stack.problems() == []
        for name, nodes in promised(promises(self.stack.pools)).items():
            assert nodes <= self.stack.settings.reservations[name].count
        assert all(nodes_in(pool) <= pool.max_nodes for pool in self.stack.pools.values())

    @invariant()
    def no_generation_changes(self):
        if not hasattr(self, "stack"):
            return
        for which, made in self.generations().items():
            assert self.known.setdefault(which, made) == made

    @invariant()
    def every_comment_is_kept(self):
        if not hasattr(self, "stack"):
            return
        assert [self.stack.text.count(comment) for comment in OUTSIDE] == [1] * len(OUTSIDE)


@pytest.fixture
def machine(template, content, make_node, make_pod, now):
    """The state machine, bound."""
    source, *locks = template
    bound = {
        "source": source,
        "locks": locks,
        "content": staticmethod(content),
        "make_node": staticmethod(make_node),
        "make_pod": staticmethod(make_pod),
        "now": now,
    }
    return type("Bound", (Edits,), bound)


def test_a_few_orders(machine):
    run_state_machine_as_test(machine, settings=settings(max_examples=4, stateful_step_count=8, deadline=None))


@pytest.mark.slow
def test_many_orders(machine):
    run_state_machine_as_test(machine, settings=settings(max_examples=40, stateful_step_count=25, deadline=None))
