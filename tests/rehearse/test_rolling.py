"""Rolling every pool: what an `up` may do, what goes next, what counts as empty; and all of it on the stand-in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import TypeAdapter

from components.base.context import Environment
from components.base.problems import InvalidInputError
from components.gpu_cluster.spec import Pools
from herd.plan import Plan, Step
from herd.rehearse.rolling import POOL_COMPONENT, Rolling, evidence, unlawful, wrong
from herd.rehearse.run import rehearse
from herd.rehearse.workspace import Tree

ROOT = Path(__file__).parents[2]
NOW = datetime(2027, 1, 10, 12, 0, tzinfo=UTC)
URN = "urn:pulumi:prod::herd::"
GROUP = f"{URN}{POOL_COMPONENT}$aws:eks/nodeGroup:NodeGroup::p5-g2-0"
TEMPLATE = f"{URN}{POOL_COMPONENT}$aws:ec2/launchTemplate:LaunchTemplate::p5-g2"
STORAGE = f"{URN}herd:storage:Storage$aws:fsx/lustreFileSystem:LustreFileSystem::scratch"


def plan(*steps, **diffs):
    return Plan(tuple(Step(op, urn, urn.split("::")[2], "done", diffs=diffs.get(op, ())) for op, urn in steps), {})


class TestWrong:
    def test_what_was_meant_is_not(self):
        assert wrong(plan(("create", GROUP), ("same", STORAGE)), {"create"}) == []

    def test_components_and_the_stack_are_no_resources_of_their_own(self):
        stack, pool = f"{URN}pulumi:pulumi:Stack::herd-prod", f"{URN}{POOL_COMPONENT}::p5"
        assert wrong(plan(("update", stack), ("update", pool)), {"create"}) == []

    @pytest.mark.parametrize("op", ["replace", "update", "delete"])
    def test_another_operation_on_a_pool_is(self, op):
        found = wrong(plan((op, TEMPLATE), **{op: ("userData",)}), {"create"})
        assert found == [f"{op} aws:ec2/launchTemplate:LaunchTemplate::p5-g2 (userData)"]

    def test_anything_outside_of_the_pools_is(self):
        (said,) = wrong(plan(("create", STORAGE)), {"create"})
        assert said == "create aws:fsx/lustreFileSystem:LustreFileSystem::scratch (no property named)"


def generation(key, **more):
    node = {"instanceTypes": ["c7i.4xlarge"], "image": "eks-standard-x86-64"}
    return {"key": key, "release": "r-000000000000", "node": node, **more}


def pools(**slices):
    """A static pool whose generations have these slices, and an elastic one with as many generations."""
    common = {"capacity": {"kind": "on-demand"}, "zones": ["us-west-2a"], "maxNodes": 16}
    old_new = [generation(key.replace("_", "-"), slices=value) for key, value in slices.items()]
    elastic = [generation(key.replace("_", "-"), maxNodes=4) for key in slices]
    data = {
        "fixed": {"kind": "static", "nodesPerSlice": 4, **common, "generations": old_new},
        "free": {"kind": "elastic", **common, "generations": elastic},
    }
    network = SimpleNamespace(cidr="10.0.0.0/16")
    typed = TypeAdapter(Pools).validate_python(data, by_alias=True)
    return SimpleNamespace(pools=typed, settings=SimpleNamespace(network=network, region="us-west-2"))


OLD, NEW = "g1-00000000", "g2-00000000"


class TestWhatGoesNext:
    @pytest.fixture
    def going(self, monkeypatch):
        def run(**slices):
            rolling = Rolling(Tree(ROOT, "tree"), "prod", None, None)
            monkeypatch.setattr(rolling, "_loaded", lambda: pools(**slices))
            return list(rolling._going()), rolling._beside()

        return run

    def test_the_old_generation_where_the_new_one_has_room(self, going):
        assert going(g1_00000000=[0, 1], g2_00000000=[2, 3]) == ([("fixed", OLD, (0, 1)), ("free", OLD, ())], [])

    def test_one_slice_where_it_has_not(self, going):
        assert going(g1_00000000=[0, 1, 3], g2_00000000=[2])[0][0] == ("fixed", OLD, (3,))
        assert going(g1_00000000=[0, 1, 2, 3], g2_00000000=[])[0][0] == ("fixed", OLD, (3,))

    def test_nothing_once_there_is_one_generation_alone_which_is_told(self, going):
        assert going(g2_00000000=[0]) == ([], ["fixed has no next generation", "free has no next generation"])


class TestEvidence:
    def shown(self, *, busy):
        loaded = pools(g1_00000000=[0, 1], g2_00000000=[2])
        items = evidence(loaded, ("fixed", OLD), NOW, busy=busy)["items"]
        nodes = [item for item in items if item["kind"] == "Node"]
        work = [
            item for item in items if item["kind"] == "Pod" and item["metadata"]["ownerReferences"][0]["kind"] == "Job"
        ]
        return nodes, work

    def test_every_slice_and_elastic_generation_has_a_node_of_its_own(self):
        nodes, work = self.shown(busy=False)
        assert work == []
        assert len(nodes) == 5
        assert len({node["status"]["addresses"][0]["address"] for node in nodes}) == 5
        assert [node["metadata"]["labels"].get("herd.dev/slice") for node in nodes] == ["0", "1", "2", None, None]

    def test_work_is_on_every_node_of_the_generation_that_is_busy_and_on_no_other(self):
        nodes, work = self.shown(busy=True)
        busy = {
            node["metadata"]["name"]
            for node in nodes
            if (node["metadata"]["labels"]["herd.dev/pool"], node["metadata"]["labels"]["herd.dev/generation"])
            == ("fixed", OLD)
        }
        assert {pod["spec"]["nodeName"] for pod in work} == busy
        assert len(busy) == 2


def test_a_generation_that_is_retired_with_work_on_it_ends_the_roll(monkeypatch, tmp_path):
    """The drill's own guard: `retire` must have refused the evidence of work."""
    rolling = Rolling(Tree(tmp_path, "tree"), "prod", None, None)
    loaded = pools(g1_00000000=[0, 1], g2_00000000=[2])
    loaded.pool = loaded.pools.__getitem__
    monkeypatch.setattr(rolling, "_loaded", lambda: loaded)
    monkeypatch.setattr("herd.rehearse.rolling.retire", lambda *_args, **_more: ("", ["gone"]))
    with pytest.raises(InvalidInputError, match=f"fixed {OLD} was retired with work on it"):
        rolling._retire("fixed", OLD, (0,))


class Silent:
    def begin(self, phase):
        pass

    def end(self, phase):
        pass

    def event(self, event):
        pass


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("stack", "swapped"),
    [
        ("dev", []),
        # 16 machines of a reservation, all in use: one slice makes room, then two at a time.
        ("prod", [r"drain .*p5 g1-\w+ 3", r"drain p5 g1-\w+ 2", r"drain p5 g1-\w+ 0,1"]),
    ],
)
def test_every_pool_rolls_and_nothing_else_is_touched(stack, swapped):
    report = rehearse(ROOT, stack, listener=Silent(), engine="embedded", rolled=True)
    assert {phase.name: phase.problems for phase in report.phases if not phase.ok} == {}
    assert report.ok
    (rolled,) = [phase for phase in report.phases if phase.name == "roll every pool"]
    assert set(rolled.operations) <= {"create", "update", "delete"}, "nothing is replaced"
    assert rolled.operations["create"] == rolled.operations["delete"], "as much came as went"
    beside, *rest = [re.sub(r"^(.*): ", r"\1|", note).split("|") for note in rolled.notes]
    assert beside[0] == "the next generation beside the old"
    assert re.fullmatch(r"create \d+", beside[1])
    for what, done in rest:
        verb = what.split(" ")[0]
        allowed = {"drain": {"update"}, "retire": {"delete"}, "the": {"create", "update"}}[verb]
        assert {each.split(" ")[0] for each in done.split(", ")} <= allowed, (what, done)
    for pattern in swapped:
        assert any(re.match(pattern, what) for what, _ in rest), (pattern, rolled.notes)
    (drained, retired) = ([what for what, _ in rest if what.startswith(verb)] for verb in ("drain", "retire"))
    assert [what.removeprefix("drain ") for what in drained] == [what.removeprefix("retire ") for what in retired]
    (leftovers,) = [phase for phase in report.phases if phase.name == "leftover audit"]
    assert leftovers.ok


class TestTheLaw:
    def test_a_group_that_goes_undrained_breaks_it(self):
        loaded = SimpleNamespace(settings=SimpleNamespace(environment=Environment.PROD), project="herd", stack="prod")
        group = {"inputs": {"scalingConfig": {"maxSize": 4}}}
        step = Step("delete", GROUP, "aws:eks/nodeGroup:NodeGroup", "done", old=group)
        (said,) = unlawful(Plan((step,), {}), loaded)
        assert said.startswith("HERD-P2: ")
