"""`herd policy`: list, explain, test."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from components.base.problems import InvalidInputError
from herd.cli import policy
from policies.engine.trial import Trial
from policies.rules import all_rules, plan_rules

RULES = (*all_rules(), *plan_rules())


def run(*arguments):
    return CliRunner().invoke(policy.app, arguments, catch_exceptions=True)


def test_list_names_every_rule_with_its_severities():
    listed = json.loads(run("list", "--json").stdout)
    assert {entry["id"] for entry in listed} == {rule.id for rule in RULES}
    assert all(set(entry["severity"]) <= {"dev", "test", "prod"} for entry in listed)
    assert {entry["pack"] for entry in json.loads(run("list", "--pack", "immutable", "--json").stdout)} == {"immutable"}


def test_list_for_people():
    assert "HERD-014" in run("list").stdout


@pytest.mark.parametrize("name", ["HERD-014", "herd-014", "launch-template-version-pinned"])
def test_explain_goes_by_id_and_by_name(name):
    shown = run("explain", name).stdout
    assert shown.startswith("# HERD-014")
    assert "## Bad" in shown


def test_an_unknown_rule_is_refused_with_the_nearest():
    refused = run("explain", "HERD-O14").exception
    assert isinstance(refused, InvalidInputError)
    assert "HERD-014" in str(refused)
    assert isinstance(run("list", "--pack", "imutable").exception, InvalidInputError)


def test_a_rule_that_works_passes_its_trial():
    tried = run("test", "HERD-014")
    assert tried.exit_code == 0
    assert "all as they should be" in " ".join(tried.stdout.split())


def test_a_rule_that_does_not_fails_it(monkeypatch):
    monkeypatch.setattr("policies.engine.trial.try_rule", lambda *_: iter([Trial("bad", "a case", "passed (1)")]))
    tried = run("test", "HERD-014")
    assert tried.exit_code == 1
    assert "a case: passed (1)" in tried.stdout


def test_it_is_a_command_of_herd():
    shown = subprocess.run(
        [sys.executable, "-m", "herd.cli.main", "policy", "--help"], capture_output=True, text=True, check=False
    )
    assert "explain" in shown.stdout
