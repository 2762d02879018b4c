"""The law is quick, and linear: it runs on every pull request and in every preview."""

import json
import time
from pathlib import Path

import pytest

from herd.check.facts import facts_for_stack
from herd.check.rendered import stack_of
from herd.graph import Graph
from herd.render import render
from herd.stackfile import load_stack
from policies.engine.evaluate import evaluate
from policies.engine.subject import Stack
from policies.rules import all_rules

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_thousand_resources_take_less_than_a_second_and_four_times_as_many_about_four_times_as_long():
    graph, stack = render(ROOT, "prod"), load_stack(ROOT, "prod")
    facts, rules = facts_for_stack(ROOT, stack), all_rules()
    assert len(rules) >= 60

    def seconds(copies):
        text = json.dumps(graph.to_dict())
        subjects = tuple(
            subject
            for copy in range(copies)
            for subject in stack_of(Graph.from_json(text.replace("::herd::", f"::herd{copy}::"))).subjects
        )
        start = time.process_time()
        results = evaluate(Stack(subjects, "prod", "herd"), rules, facts)
        assert results.passed > len(subjects)
        return (time.process_time() - start) / len(subjects) * 1000

    seconds(1)
    thousand, four_thousand = seconds(4), seconds(16)
    assert thousand < 1
    assert four_thousand < 2 * thousand
