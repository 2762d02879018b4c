"""The page names every row."""

from __future__ import annotations

import re
from pathlib import Path

import herd
from herd.cloud.provider.rows import ROWS

PAGE = Path(herd.__file__).parents[1] / "docs" / "provider.md"


def test_the_table_of_types_is_the_table_of_rows():
    lines = PAGE.read_text(encoding="utf-8").split("| service | types")[1].split("\n\n")[0]
    named = re.findall(r"[A-Z][A-Za-z0-9]+", lines.split("\n", 2)[2])

    assert sorted(named) == sorted(token.rpartition(":")[2] for token in ROWS)
