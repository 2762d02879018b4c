"""An outcome with one of everything."""

import pytest

from components.base.context import Environment
from components.base.problems import Problem
from herd.check import judge
from herd.check.files import given
from herd.check.rendered import stack_of
from herd.check.run import Outcome
from policies.engine.facts import Facts

POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - image: "x\\e[31m"\n'


@pytest.fixture
def outcome(graph, rules, crashed, waiver, today, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a pod.yaml").write_text(POD)
    buckets = {
        "open": ({"acl": "public-read"}, {"protect": True}),
        "site": ({"acl": "public-read"}, {}),
        "quiet": ({"acl": "[secret]", "log": "nowhere"}, {"protect": True}),
    }
    (one,), _ = given(["a pod.yaml"])
    facts = Facts(environment=Environment.DEV, project="demo", stack="dev")
    waivers = (waiver(), waiver(rule="HERD-903"))
    return Outcome(
        (
            judge(stack_of(graph(**buckets)), facts, waivers, today, (*rules, crashed)),
            judge(one.stack, Facts(), (), today, rules),
        ),
        (Problem("bad: 1,2.yaml", 3, "", "not valid YAML", "mend it"),),
    )


@pytest.fixture
def fine(graph, rules, today):
    facts = Facts(environment=Environment.DEV, project="demo", stack="dev")
    return Outcome((judge(stack_of(graph(site=({}, {"protect": True}))), facts, (), today, rules),), ())
