"""The pages of the rules are those that the rules and their fixtures give."""

from pathlib import Path

import pytest

from herd.policy.pages import FOLDER, pages
from policies.rules import all_rules

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wanted():
    return pages()


def test_pages_are_up_to_date_and_of_rules_that_are_there(wanted):
    stale = [
        str(path) for path, text in wanted.items() if not (ROOT / path).is_file() or (ROOT / path).read_text() != text
    ]
    assert stale == [], "run python -m herd.policy.pages"
    assert {path.name for path in (ROOT / FOLDER).glob("HERD-*.md")} == {path.name for path in wanted} - {"README.md"}


def test_a_page_names_the_same_check_in_every_other_library(wanted):
    lacking = {
        (rule.id, name)
        for rule in all_rules()
        for names in rule.mappings.values()
        for name in names
        if name not in wanted[FOLDER / f"{rule.id}.md"]
    }
    assert lacking == set()


def test_a_page_shows_what_an_example_takes_for_granted(wanted):
    assert "facts: {max_nodes: 64}" in wanted[FOLDER / "HERD-026.md"]
