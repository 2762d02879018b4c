"""What critical rules tell before a resource is made: something of each, and nothing that the stack would excuse."""

import pytest

from policies.engine import fixtures
from policies.engine.evaluate import Evaluation, evaluate
from policies.engine.rule import GraphRule, ResourceRule, Severity, applies
from policies.engine.trial import facts_of
from policies.rules import all_rules

EARLY = [rule for rule in all_rules() if isinstance(rule, GraphRule) and rule.early is not None]


def test_no_critical_rule_waits_until_everything_is_made():
    critical = [rule for rule in all_rules() if rule.worst is Severity.CRITICAL]
    assert {"HERD-001", "HERD-005", "HERD-052"} <= {rule.id for rule in critical}
    assert [rule.id for rule in critical if not isinstance(rule, ResourceRule) and rule not in EARLY] == []


@pytest.mark.parametrize("rule", EARLY, ids=lambda rule: rule.id)
def test_it_tells_nothing_that_the_stack_excuses(rule):
    told, fixture = 0, fixtures.load(rule.id)
    for case in (*fixture.good, *fixture.bad, fixture.empty):
        stack = fixtures.stack(case)
        facts = facts_of(rule, case)
        run = Evaluation(facts)
        for subject in stack.subjects:
            if rule.holds_in(facts.environment) and applies(rule, subject):
                run.alone(rule, subject)
        assert set(run.findings) <= set(evaluate(stack, [rule], facts).findings), case.case
        assert run.not_evaluated == []
        told += len(run.findings)
    assert told >= len(fixture.bad) / 3
