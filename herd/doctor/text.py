"""The findings for people: first what is there, then what is not, with what it would enable and how to get it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from herd.doctor.checks import Finding

_COLUMNS = 80
_STYLE = {"ok": "green", "missing": "yellow", "wrong": "yellow"}


def report_of(findings: Sequence[Finding]) -> RenderableType:
    """The report, fit for 80 columns and for a pipe."""
    width = max(len(finding.check.name) for finding in findings)
    parts: list[RenderableType] = []
    for finding in sorted(findings, key=lambda finding: finding.status != "ok"):
        style = "bold red" if finding.fatal else _STYLE[finding.status]
        head = Text.assemble((f"{finding.status:8}", style), f"{finding.check.name:{width}}  ", finding.found)
        parts.append(head)
        if finding.status != "ok":
            needed = " (required)" if finding.check.required else ""
            parts += [_indented("enables: ", finding.check.enables + needed), _indented("get it:  ", finding.check.get)]
    parts += [Text(), _verdict(findings)]
    return Group(*parts)


def _indented(label: str, text: str) -> Text:
    indent = " " * 8
    after = indent + " " * len(label)
    return Text(textwrap.fill(text, _COLUMNS, initial_indent=indent + label, subsequent_indent=after))


def _verdict(findings: Sequence[Finding]) -> Text:
    fatal = [finding.check.name for finding in findings if finding.fatal]
    if fatal:
        return Text(f"Herd can't work here: {', '.join(fatal)}", "bold red")
    return Text("herd render and herd rehearse work here", "bold green")
