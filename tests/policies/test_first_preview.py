"""A stack's first preview: hardly anything exists yet, and the law can tell nearly everything all the same."""

from pathlib import Path

import pytest

from herd.check.facts import facts_for_stack
from herd.check.rendered import stack_of
from herd.render import render
from herd.stackfile import load_stack
from policies.engine.evaluate import evaluate
from policies.pack.subjects import RunningStack
from policies.rules import all_rules

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=["dev", "test", "prod"])
def results(request):
    graph = render(ROOT, request.param, unknowns=True)
    seen = stack_of(graph)
    sources = {resource.urn: resource.property_dependencies for resource in graph.resources}
    stack = RunningStack(seen.subjects, seen.name, seen.project, seen.origin, sources)
    return evaluate(stack, all_rules(), facts_for_stack(ROOT, load_stack(ROOT, request.param), None))


@pytest.mark.slow
def test_little_can_not_be_said_and_nothing_is_wrong(results):
    assert results.findings == ()
    asked = results.passed + len(results.not_evaluated)
    assert len(results.not_evaluated) < asked / 10


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "ends"),
    [("HERD-009", "SecurityGroupIngressRule::"), ("HERD-051", "aws:fsx/lustreFileSystem:LustreFileSystem::")],
)
def test_whose_group_or_key_is_named_is_known_before_it_has_an_id(results, rule, ends):
    assert [one.resource for one in results.not_evaluated if one.rule == rule and ends in one.resource] == []
