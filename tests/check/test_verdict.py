"""A verdict: results, waivers, and what stops."""

import sys
from dataclasses import replace
from datetime import date

import pytest

from components.base.context import Environment
from herd.check import judge
from herd.check.rendered import stack_of
from policies.engine.facts import Facts

DEV, PROD = (Facts(environment=one, project="demo", stack="dev") for one in (Environment.DEV, Environment.PROD))
PUBLIC = {"acl": "public-read"}
URN = "urn:pulumi:dev::demo::aws:s3/bucket:Bucket::site"


@pytest.fixture
def verdict(graph, rules, today):
    def of(inputs, facts=DEV, waivers=(), asked=rules, **options):
        return judge(stack_of(graph(site=(inputs, options))), facts, waivers, today, asked)

    return of


def found(verdict):
    return [(finding.rule, finding.severity) for finding in verdict.results.findings]


def test_nothing_wrong(verdict):
    it = verdict({}, protect=True)
    assert (found(it), it.results.passed, it.stops, it.name) == ([], 5, False, "dev")


def test_the_environment_decides_what_stops(verdict):
    assert (found(verdict({})), verdict({}).stops) == ([("HERD-902", "low")], False)
    assert (found(verdict({}, PROD)), verdict({}, PROD).stops) == ([("HERD-902", "high")], True)


def test_critical_findings_stop_everywhere(verdict):
    it = verdict(PUBLIC, protect=True)
    assert [item.rule for item in it.stopping] == ["HERD-901"]


def test_a_critical_rule_that_could_not_say_stops_and_others_do_not(verdict):
    it = verdict({"acl": "[secret]", "policy": "[secret]"}, PROD, protect=True)
    assert [item.rule for item in it.results.not_evaluated] == ["HERD-901", "HERD-904"]
    assert [item.rule for item in it.stopping] == ["HERD-901"]


def test_a_rule_that_ends_the_program_stops(verdict, crashed):
    it = verdict({}, asked=(replace(crashed, check=lambda *_: sys.exit(0)),))
    (silent,) = it.results.not_evaluated
    assert (silent.reason, it.stops) == ("crashed", True)


def test_a_rule_that_crashes_stops(verdict, crashed):
    it = verdict({}, asked=(crashed,))
    (silent,) = it.stopping
    assert (silent.reason, it.results.passed) == ("crashed", 0)
    assert "ValueError: no site" in silent.message


def test_a_waiver_takes_a_finding(verdict, waiver):
    it = verdict(PUBLIC, waivers=(waiver(),), protect=True)
    assert (found(it), it.stops, [one.finding.resource for one in it.waived]) == ([], False, [URN])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"expires": date(2026, 2, 28)}, "expired on 2026-02-28"),
        ({"created": date(2026, 3, 2)}, "is in the future"),
        ({"urn": f"{URN}-2"}, "takes nothing"),
        ({"rule": "HERD-903"}, "takes nothing"),
    ],
)
def test_a_waiver_that_may_not_stand_stops(verdict, waiver, changes, words):
    it = verdict({"acl": "private"}, waivers=(waiver(**changes),), protect=True)
    assert it.stops
    assert words in str(it.problems[0])


@pytest.mark.parametrize("changes", [{"rule": "HERD-905"}, {"stack": "prod"}])
def test_a_waiver_that_nobody_asked_about_is_left_alone(verdict, waiver, rules, changes):
    it = verdict({}, waivers=(waiver(**changes),), asked=rules[:4], protect=True)
    assert it.problems == ()
