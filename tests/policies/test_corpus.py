"""The corpora: whole inputs as people write them, each bad one found for the right reason, no good one touched."""

import ast
import re
from pathlib import Path

import pytest

from components.base.context import Environment
from herd.check.rendered import stack_of
from herd.check.run import Request, run
from herd.render import render
from policies.engine.evaluate import evaluate
from policies.engine.facts import Facts
from policies.rules import all_rules

CORPUS = Path(__file__).parent / "corpus"
PROGRAMS = {kind: sorted((CORPUS / "programs" / kind).glob("*.py")) for kind in ("bad", "good")}
FILES = {
    kind: sorted(path for ext in ("yaml", "json") for path in CORPUS.glob(f"*/{kind}/*.{ext}"))
    for kind in ("bad", "good")
}
# In a program's docstring, in a YAML file's comments, in a saved deployment's own `expect`.
EXPECT = re.compile(r"^\W*expect: (HERD-\d+)(?: ([^\s\"]+))?\W*$", re.MULTILINE)
SILENT = re.compile(r"^# not evaluated: (HERD-\d+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A program of the corpus, judged as prod."""
    root = tmp_path_factory.mktemp("project")
    (root / "Pulumi.prod.yaml").write_text("config: {aws:region: us-west-2}\n")

    def judge(path):
        (root / "Pulumi.yaml").write_text(f"name: corpus\nruntime: python\nmain: {path.name}\n")
        (root / path.name).write_text(path.read_text())
        return evaluate(stack_of(render(root, "prod")), all_rules(), Facts(environment=Environment.PROD))

    return judge


@pytest.mark.slow
@pytest.mark.parametrize("path", PROGRAMS["bad"], ids=lambda path: path.stem)
def test_a_bad_program_is_found_for_the_right_reason(judged, path):
    expected = EXPECT.findall(ast.get_docstring(ast.parse(path.read_text())))
    assert expected
    findings = [(finding.rule, finding.property) for finding in judged(path).findings]
    for rule, place in expected:
        assert [at for found, at in findings if found == rule and at.startswith(place)], (rule, place, findings)


@pytest.mark.slow
@pytest.mark.parametrize("path", PROGRAMS["good"], ids=lambda path: path.stem)
def test_a_good_program_is_left_alone(judged, path):
    results = judged(path)
    assert [(finding.rule, finding.property, finding.message) for finding in results.findings] == []
    assert [(silent.rule, silent.property, silent.message) for silent in results.not_evaluated] == []


@pytest.mark.parametrize("path", FILES["bad"], ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
def test_a_bad_file_is_found_for_the_right_reason(path):
    expected = EXPECT.findall(path.read_text())
    assert expected
    findings = [(finding.rule, finding.property) for finding in verdict(path).results.findings]
    for rule, place in expected:
        assert [at for found, at in findings if found == rule and at.startswith(place)], (rule, place, findings)


@pytest.mark.parametrize("path", FILES["good"], ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
def test_a_good_file_is_left_alone(path):
    results = verdict(path).results
    assert [(finding.rule, finding.property, finding.message) for finding in results.findings] == []
    # What is elsewhere (a pool's node class in another file) can't be judged here, and the file says so.
    elsewhere = set(SILENT.findall(path.read_text()))
    silent = [(one.rule, one.property, one.message) for one in results.not_evaluated if one.rule not in elsewhere]
    assert silent == []


def verdict(path):
    """The verdict of prod's law over one file, outside any checkout."""
    outcome = run(Request(path.parent, files=(str(path),), environment=Environment.PROD, rules=all_rules()))
    assert outcome.errors == ()
    (only,) = outcome.verdicts
    return only
