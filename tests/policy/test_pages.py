"""The pages of the rules are those that the rules and their fixtures give."""

from pathlib import Path

from herd.policy.pages import FOLDER, pages

ROOT = Path(__file__).parents[2]


def test_pages_are_up_to_date():
    stale = [
        str(path) for path, text in pages().items() if not (ROOT / path).is_file() or (ROOT / path).read_text() != text
    ]
    assert stale == [], "run python -m herd.policy.pages"


def test_no_page_is_of_a_rule_that_is_gone():
    assert {path.name for path in (ROOT / FOLDER).glob("HERD-*.md")} == {
        p.name for p in pages() if p.name != "README.md"
    }
