"""The report on a terminal: wrapped to its width, in colour unless NO_COLOR is set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from herd.check.report.text import Line


def show(lines: Iterable[Line], stream: IO[str]) -> None:
    """Write a report; what wraps keeps its line's indent."""
    console = Console(file=stream, highlight=False)
    for line in lines:
        # Padding of nothing prints nothing, not even the line.
        text = Text.assemble(*line.parts)
        console.print(Padding(text, (0, 0, 0, line.indent), expand=False) if line.parts else "")
