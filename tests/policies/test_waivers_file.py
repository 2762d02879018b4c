"""The repository's own waivers: the file's example works as it stands there, and somebody has to review the file."""

import re
from pathlib import Path

import pytest

from components.base.problems import InvalidInputError
from policies.engine.waivers import FILE, load
from policies.rules import all_rules, plan_rules

ROOT = Path(__file__).parents[2]
RULES = (*all_rules(), *plan_rules())


@pytest.fixture
def example(tmp_path):
    """A checkout whose waivers are those that the file shows in its comment."""
    (tmp_path / "policies").mkdir()
    lines = (ROOT / FILE).read_text().splitlines()
    shown = lines[lines.index("# waivers:") : lines.index("waivers: []")]
    (tmp_path / FILE).write_text("\n".join(line.removeprefix("# ") for line in shown))
    return tmp_path


def test_the_example_of_the_file_is_valid(example):
    (waiver,) = load(example, RULES)
    assert waiver.rule in {rule.id for rule in RULES}


def test_the_example_is_read_at_all(example):
    path = example / FILE
    path.write_text(path.read_text().replace("approver: grace", "approver: ada"))
    with pytest.raises(InvalidInputError, match="somebody else has to agree"):
        load(example, RULES)


def test_whoever_changes_the_law_or_a_waiver_needs_a_review():
    owned = {line.split()[0]: line.split()[1:] for line in _lines(ROOT / ".github/CODEOWNERS")}
    assert owned[f"/{FILE}"]
    assert owned["/policies/"]
    last = [pattern for pattern in owned if re.match(re.escape(pattern.rstrip("/")), f"/{FILE}")][-1]
    assert owned[last], "the last match counts"


def _lines(path):
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
