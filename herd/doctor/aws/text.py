"""What the account can hold, for people: a line a finding, the reason and the fix below what isn't right."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from herd.doctor.aws.checks import Check, Finding

_STYLE: Final = {"pass": "green", "fail": "bold red", "open": "yellow"}
_COLUMNS: Final = 100


def report_of(stack: str, looked: Sequence[tuple[Check, Sequence[Finding]]]) -> RenderableType:
    """The report, fit for a pipe."""
    parts: list[RenderableType] = []
    for check, findings in looked:
        for finding in findings:
            parts.append(
                Text.assemble(
                    (f"{finding.verdict.upper():5}", _STYLE[finding.verdict]),
                    f"{check.name:13}{finding.subject}: {finding.said}",
                )
            )
            if finding.verdict == "fail":
                parts.append(_below("otherwise: ", check.why))
            if finding.fix and finding.verdict != "pass":
                parts.append(_below("fix:       ", finding.fix))
    return Group(*parts, Text(), verdict(stack, looked))


def verdict(stack: str, looked: Sequence[tuple[Check, Sequence[Finding]]]) -> Text:
    """The last line: what stands in the way, or what nobody could answer."""
    found = [finding.verdict for _, findings in looked for finding in findings]
    failed, left_open = found.count("fail"), found.count("open")
    if failed:
        more = f", {left_open} not evaluated" if left_open else ""
        return Text(f"{stack}: {failed} of {len(found)} questions stand in the way of `up`{more}", _STYLE["fail"])
    if left_open:
        return Text(f"{stack}: {left_open} of {len(found)} questions were not evaluated", _STYLE["open"])
    return Text(f"{stack}: the account can hold it ({len(found)} questions)", _STYLE["pass"])


def _below(label: str, text: str) -> Text:
    indent = " " * 5
    after = indent + " " * len(label)
    return Text(textwrap.fill(text, _COLUMNS, initial_indent=indent + label, subsequent_indent=after))
