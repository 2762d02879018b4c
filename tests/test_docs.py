"""What the pages say about the repository is so: links lead somewhere, commands exist, no page speaks of a machine."""

import re
from pathlib import Path

import pytest

from herd.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page):
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


def test_every_component_has_a_page():
    registering = {path.parent.name for path in (ROOT / "components").glob("*/component.py")} - {"base"}
    folders = {path.parent.name for path in (ROOT / "components").glob("*/__init__.py")}
    # A folder of facts or rules alone registers nothing; it may have a page of its own.
    assert registering <= {path.stem for path in (ROOT / "docs" / "components").glob("*.md")} <= folders


def test_every_command_has_a_page_that_the_readme_names():
    for command in COMMANDS:
        assert f"herd {command}" in README
        assert (ROOT / "docs" / "commands" / f"{command}.md").exists() or (ROOT / "docs" / f"{command}.md").exists()


def test_the_make_targets_that_the_readme_names_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {a or b for a, b in re.findall(r"(?m)^    make ([a-z-]+)|`make ([a-z-]+)", README)}
    assert {"rehearse", "test"} <= named <= targets
