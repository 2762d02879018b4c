"""Rules and fixtures speak of types and properties that exist: a misspelt one is judged by nobody, and so passes."""

import re
from pathlib import Path

import pytest

from policies.engine import fixtures, types
from policies.engine.fixtures import Case, Empty, Fixture, Mutation, Resource
from policies.engine.rule import ANY_TYPE, ResourceRule, Severity, Violation, everywhere
from policies.engine.schema import exists, has
from policies.engine.trial import try_rule
from policies.rules import all_rules, plan_rules
from policies.rules._shared.stateful import STATEFUL

SOURCES = Path(fixtures.__file__).parents[1] / "rules"
TYPE = re.compile(r'"((?:aws:\w+/\w+|kubernetes:[\w.-]+/\w+|parallelcluster:\w+|herd:\w+|command:\w+):[A-Z]\w*)')
OPTIONS = {"protect", "retainOnDelete", "deletedWith", "ignoreChanges", "parent"}


@pytest.mark.parametrize("rule", [*all_rules(), *plan_rules()], ids=lambda rule: rule.id)
def test_a_rule_is_about_types_that_exist(rule):
    assert [name for name in rule.types if "*" not in name and not exists(name)] == []


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_a_rule_names_properties_of_its_types(rule):
    assert [place for place in rule.properties if not is_real(place, rule.types)] == []


def is_real(place, names):
    if place == ANY_TYPE:
        return True
    if place.startswith(("options.", "provider.")):
        return place.partition(".")[2] in {*OPTIONS, "defaultTags"}
    if whole := TYPE.match(f'"{place}'):
        path = place.removeprefix(whole[1]).removeprefix(".")
        return exists(whole[1]) and (not path or has(whole[1], path))
    # Nobody lists the arguments of the packages that no SDK is installed of.
    return any(has(name, place) or name.startswith(("command:", "herd:")) for name in names)


def test_every_type_that_rules_and_their_tables_write_exists():
    written = {name for source in SOURCES.rglob("*.py") for name in TYPE.findall(source.read_text(encoding="utf-8"))}
    written |= {*STATEFUL}
    assert len(written) > 150
    assert sorted(name for name in written if not exists(name)) == []


def test_what_protects_state_is_a_property_of_it():
    assert [name for name, switch in STATEFUL.items() if switch and not has(name, switch)] == []


def test_old_names_lead_to_names_that_exist():
    assert [new for new in types._RENAMED.values() if not exists(new)] == []
    assert [old for old in types._RENAMED if not exists(old)] == []


GROUP = "aws:ec2/securityGroup:SecurityGroup"


@pytest.mark.parametrize(
    ("resource", "problem"),
    [
        pytest.param(
            {"type": "aws:ec2/securtyGroup:SecurityGroup"},
            "there is no type aws:ec2/securtyGroup:SecurityGroup",
            id="a misspelt type",
        ),
        pytest.param({"type": GROUP, "props": {"ingres": []}}, f"{GROUP} has no property ingres", id="a property"),
        pytest.param(
            {"type": GROUP, "props": {"ingress": [{"cidrBlock": "0.0.0.0/0"}]}},
            f"{GROUP} has no property ingress.cidrBlock",
            id="a property below it",
        ),
    ],
)
def test_a_fixture_that_speaks_of_what_no_cloud_has_is_wrong(resource, problem):
    case = Case(case="a case", resources=(Resource(**resource),), exempt="nothing is judged")
    fixture = Fixture.model_construct(good=(case,), bad=(), empty=Empty(expect="passed"), mutations=())
    assert [trial.problem for trial in try_rule(SILENT, fixture) if trial.kind == "real"] == [problem, ""]


def test_a_mutation_to_a_property_that_no_cloud_has_is_wrong():
    case = Case(case="a case", resources=(Resource(type=GROUP),))
    mutation = Mutation(set="ingres", to=[])
    fixture = Fixture.model_construct(good=(case,), bad=(), empty=Empty(expect="found"), mutations=(mutation,))
    problems = [trial.problem for trial in try_rule(LOUD, fixture) if trial.kind == "mutation"]
    assert problems == [f"{GROUP} has no property ingres"]


def rule(check):
    return ResourceRule(
        id="HERD-000",
        name="a-rule",
        pack="security",
        title="A rule",
        severity=everywhere(Severity.HIGH),
        types=(GROUP,),
        properties=("ingress",),
        why="It is.",
        fix="Nothing.",
        check=check,
    )


SILENT = rule(lambda resource, facts: ())
LOUD = rule(lambda resource, facts: [Violation(resource.props, "is bad")])
