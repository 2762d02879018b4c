"""The report as annotations of a GitHub Actions run.

Commands and escaping: docs.github.com, "Workflow commands for GitHub Actions"; @actions/core's command.ts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from components.base.problems import Problem
from herd.check.report.words import advises, agreed, named, shown, verdict_line
from herd.check.run import Outcome
from herd.check.verdict import Verdict
from policies.engine.subject import Place

Level = Literal["error", "warning", "notice"]
_DATA: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY: Final = {**_DATA, ":": "%3A", ",": "%2C"}


def commands(outcome: Outcome) -> Iterator[str]:
    """A line for each result, and one for each verdict."""
    for problem in outcome.errors:
        yield _problem(problem, "Can't be judged")
    for verdict in outcome.verdicts:
        yield from _verdict(verdict)
    for verdict in outcome.verdicts:
        # A line that starts like a command would be one.
        yield shown(verdict_line(verdict))


def _verdict(verdict: Verdict) -> Iterator[str]:
    for finding in verdict.results.findings:
        title = f"{finding.rule} {verdict.rules[finding.rule].title}"
        message = f"{named(finding)}: {finding.message}\nfix: {finding.fix}"
        yield annotation("warning" if advises(finding) else "error", title, message, finding.source)
    for silent in verdict.results.not_evaluated:
        title = f"{silent.rule} not evaluated ({silent.reason})"
        message = f"{named(silent)}: {silent.message}"
        yield annotation("error" if silent in verdict.stopping else "notice", title, message, silent.source)
    for item in verdict.waived:
        finding = item.finding
        message = f"{named(finding)}: {finding.message}\n{agreed(item.waiver)}"
        yield annotation("notice", f"{finding.rule} waived", message, finding.source)
    for problem in verdict.problems:
        yield _problem(problem, "A waiver that may not stand")


def annotation(level: Level, title: str, message: str, place: Place) -> str:
    """One workflow command."""
    properties = {"file": shown(place.file), "line": str(place.line) if place.line else "", "title": shown(title)}
    said = ",".join(f"{key}={_escaped(value, _PROPERTY)}" for key, value in properties.items() if value)
    # What is judged may hold anything; logs show colours and more.
    lines = "\n".join(map(shown, message.split("\n")))
    return f"::{level} {said}::{_escaped(lines, _DATA)}"


def _problem(problem: Problem, title: str) -> str:
    message = ": ".join(part for part in (problem.field, problem.message) if part)
    fix = f"\nfix: {problem.fix}" if problem.fix else ""
    return annotation("error", title, f"{message}{fix}", Place(problem.file, problem.line))


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(letter, letter) for letter in text)
