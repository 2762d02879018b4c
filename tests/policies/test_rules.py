"""Every rule: its fixtures, its mutations, and what each rule must have."""

import pytest

from components.base.context import Environment
from policies.engine import fixtures
from policies.engine.rule import Severity, enforcement
from policies.engine.trial import try_rule
from policies.rules import all_rules, plan_rules

RULES = (*all_rules(), *plan_rules())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_fixtures_and_mutations(rule):
    trials = list(try_rule(rule, fixtures.load(rule.id)))
    assert {"good", "bad", "empty", "waived", "mutation"} <= {trial.kind for trial in trials}
    assert [trial for trial in trials if trial.problem] == []


def test_ids_and_names_are_of_one_rule():
    ids = [name for rule in RULES for name in (rule.id, rule.name, *rule.aliases)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_lives_in_the_folder_of_its_pack_and_says_what_it_is(rule):
    assert rule.file.parent.name == rule.pack
    assert rule.title
    assert not rule.title.endswith(".")
    for sentences in (rule.why, rule.fix):
        assert sentences[0].isupper()
        assert sentences.endswith((".", ".)"))
    assert rule.properties
    assert rule.severity


def test_no_rule_gets_weaker_on_the_way_to_prod():
    for rule in RULES:
        for lower, higher in (("dev", "test"), ("test", "prod"), ("dev", "prod")):
            low, high = Environment(lower), Environment(higher)
            if low not in rule.severity:
                continue
            assert high in rule.severity or rule.looser_upward, rule.id
            if high in rule.severity:
                assert rule.severity[high].rank <= rule.severity[low].rank, rule.id


@pytest.mark.parametrize("severity", Severity)
def test_enforcement_is_never_weaker_upward(severity):
    levels = [enforcement(severity, environment) for environment in Environment]
    assert levels == sorted(levels)
    if severity is Severity.CRITICAL:
        assert set(levels) == {"mandatory"}


def test_every_fixture_has_its_rule():
    assert sorted(path.stem for path in fixtures.FOLDER.glob("*.yaml")) == sorted(rule.id for rule in RULES)
