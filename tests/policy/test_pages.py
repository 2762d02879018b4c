"""The pages of the rules are those that the rules and their fixtures give."""

from pathlib import Path

from herd.policy.pages import FOLDER, pages

ROOT = Path(__file__).parents[2]


def test_pages_are_up_to_date_and_of_rules_that_are_there():
    wanted = pages()
    stale = [
        str(path) for path, text in wanted.items() if not (ROOT / path).is_file() or (ROOT / path).read_text() != text
    ]
    assert stale == [], "run python -m herd.policy.pages"
    assert {path.name for path in (ROOT / FOLDER).glob("HERD-*.md")} == {path.name for path in wanted} - {"README.md"}
