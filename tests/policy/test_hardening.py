"""Each hardening argument of our own components is watched by a rule; no argument is left unclassified."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from herd.check.rendered import stack_of
from herd.graph import Graph
from herd.graph.model import Resource
from herd.policy import hardening
from herd.policy.hardening import Arguments
from policies.engine.facts import Facts
from policies.rules import all_rules

ROOT = Path(__file__).parents[2]
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
RULES = [rule for rule in all_rules() if rule.id == "HERD-018"]


def graph(**inputs):
    urn = f"urn:pulumi:prod::herd::{TEMPLATE}::it"
    return Graph.of("herd", "prod", [Resource(urn, TEMPLATE, "it", None, custom=True, inputs=inputs)])


def test_what_is_taken_away_is_noticed():
    known = {TEMPLATE: Arguments(hardening=("metadataOptions.httpTokens",))}
    tried = hardening.removals(graph(metadataOptions={"httpTokens": "required"}), RULES, Facts(), known)
    assert [(removal.path, removal.noticed) for removal in tried] == [("metadataOptions.httpTokens", ("HERD-018",))]


def test_what_no_rule_watches_is_told():
    known = {TEMPLATE: Arguments(hardening=("disableApiTermination",))}
    tried = list(hardening.removals(graph(disableApiTermination=True), RULES, Facts(), known))
    assert [removal.noticed for removal in tried] == [()]
    assert hardening.share(tried) == 0


def test_an_argument_that_nobody_classified_is_told():
    assert hardening.unclassified([graph(keyName="k", imageId="i")], {TEMPLATE: Arguments(plain=("imageId",))}) == [
        f"{TEMPLATE}: keyName"
    ]


def test_nothing_is_changed_by_a_trial():
    stack = stack_of(graph(metadataOptions={"httpTokens": "required"}))
    known = {TEMPLATE: Arguments(hardening=("metadataOptions",))}
    sites = list(hardening._sites(stack, known))
    hardening._without(stack, *sites[0])
    assert stack.subjects[0].values == {"metadataOptions": {"httpTokens": "required"}}


@pytest.mark.slow
def test_our_components_are_watched():
    command = [sys.executable, "-m", "herd.cli.main", "policy", "harden", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert said["unclassified"] == []
    unnoticed = [removal for removal in said["removals"] if not removal["noticed"]]
    assert done.returncode == 0, unnoticed
