"""The report for people: worst first, grouped by severity and rule, every count in the last line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from herd.check.report.words import (
    advises,
    agreed,
    counted,
    environment_line,
    resource,
    shown,
    verdict_line,
)
from herd.check.run import Outcome
from herd.check.verdict import Verdict
from policies.engine.evaluate import Finding, NotEvaluated
from policies.engine.rule import Severity

_STYLES: Final = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}
_FEW: Final = 5


@dataclass(frozen=True)
class Line:
    """A line of the report.

    Attributes:
        indent: Columns before it, and before what wraps.
        parts: Its text in pieces, each with a style of rich.
    """

    indent: int = 0
    parts: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The line without styles."""
        said = "".join(text for text, _ in self.parts)
        # GitHub's runner takes a line that starts so for a command, however far it is indented (ActionCommand.cs).
        quiet = rf"\x3a{said.lstrip()[1:]}" if said.lstrip().startswith("::") else said
        return (" " * self.indent + quiet).rstrip()


def report(outcome: Outcome, *, verbose: bool = False, errors: bool = False) -> Iterator[Line]:
    """The whole report.

    Args:
        outcome: What came of the run.
        verbose: Full URNs, every resource and type where counts would do.
        errors: Say what couldn't be judged, too; on a terminal it stands in the error output.
    """
    if errors and outcome.errors:
        yield _line(0, ("COULD NOT BE JUDGED", "bold red"))
        yield from (_line(2, (str(problem), "")) for problem in outcome.errors)
        yield Line()
    for index, verdict in enumerate(outcome.verdicts):
        if index:
            yield Line()
        yield from _verdict(verdict, verbose=verbose)
    failing = [verdict.name for verdict in outcome.verdicts if verdict.stops]
    said = [f"{len(failing)} of {len(outcome.verdicts)} fail: {', '.join(failing)}" if failing else "all pass"]
    said = said if len(outcome.verdicts) > 1 else []
    if outcome.errors and outcome.verdicts:
        said.append(f"not everything could be judged: {counted(len(outcome.errors), 'problem')}")
    if said:
        yield Line()
        yield _line(0, ("; ".join(said), "bold red" if failing or outcome.errors else "bold green"))


def _line(indent: int, *parts: tuple[str, str]) -> Line:
    return Line(indent, tuple((shown(text), style) for text, style in parts))


def _verdict(verdict: Verdict, *, verbose: bool) -> Iterator[Line]:
    yield _line(0, (verdict.name, "bold"), (f", {environment_line(verdict)}", "dim"))
    yield Line()
    yield from _findings(verdict, verbose=verbose)
    yield from _silent(verdict, verbose=verbose)
    yield from _waived(verdict, verbose=verbose)
    yield from _unjudged(verdict, verbose=verbose)
    if not verdict.results.passed and not verdict.results.findings and not verdict.results.not_evaluated:
        yield _line(0, ("no rule looks at anything in it", "yellow"))
    yield _line(0, (verdict_line(verdict), "bold red" if verdict.stops else "bold green"))


def _findings(verdict: Verdict, *, verbose: bool) -> Iterator[Line]:
    for severity, same in groupby(verdict.results.findings, lambda finding: finding.severity):
        yield _line(0, (severity.upper(), _STYLES[severity]))
        for name, findings in groupby(same, lambda finding: finding.rule):
            yield from _rule(verdict, name, list(findings), verbose=verbose)


def _rule(verdict: Verdict, name: str, findings: Sequence[Finding], *, verbose: bool) -> Iterator[Line]:
    rule = verdict.rules[name]
    advice = " (advisory)" if advises(findings[0]) else ""
    yield _line(2, (name, "bold"), (f" {rule.title}{advice}", ""))
    for (urn, place), same in groupby(findings, lambda finding: (finding.resource, str(finding.source))):
        yield _line(4, (resource(urn, full=verbose), ""), (f"  {place}" if place else "", "dim"))
        for finding in same:
            yield _line(6, (f"{finding.property}: " if finding.property else "", "bold"), (finding.message, ""))
            if finding.fix != rule.fix:
                yield _line(6, ("fix: ", "dim"), (finding.fix, ""))
    if any(finding.fix == rule.fix for finding in findings):
        yield _line(4, ("fix: ", "dim"), (rule.fix, ""))
    yield Line()


def _silent(verdict: Verdict, *, verbose: bool) -> Iterator[Line]:
    silent = verdict.results.not_evaluated
    if not silent:
        return
    yield _line(0, ("NOT EVALUATED", "bold magenta"))
    for name, same in groupby(silent, lambda item: item.rule):
        items = list(same)
        rule = verdict.rules[name]
        stops = ", which stops" if any(item in verdict.stopping for item in items) else ""
        yield _line(2, (name, "bold"), (f" {rule.title} ({items[0].severity}{stops})", ""))
        by_reason: dict[tuple[str, str], list[NotEvaluated]] = {}
        for item in items:
            by_reason.setdefault((item.reason, item.message), []).append(item)
        for (reason, message), alike in by_reason.items():
            yield _line(4, (f"{reason}: ", "bold"), (message, ""), (f", {counted(len(alike), 'time')}", "dim"))
            for item in alike if verbose else alike[:_FEW]:
                where = f" {item.property}" if item.property else ""
                place = f"  {item.source}" if str(item.source) else ""
                yield _line(6, (f"{resource(item.resource, full=verbose)}{where}", ""), (place, "dim"))
            if len(alike) > _FEW and not verbose:
                yield _line(6, (f"and {len(alike) - _FEW} more (--verbose)", "dim"))
    yield Line()


def _waived(verdict: Verdict, *, verbose: bool) -> Iterator[Line]:
    if verdict.waived:
        yield _line(0, ("WAIVED", "bold blue"))
    for item in verdict.waived:
        finding = item.finding
        where = f" {finding.property}" if finding.property else ""
        yield _line(2, (finding.rule, "bold"), (f" {resource(finding.resource, full=verbose)}{where}", ""))
        yield _line(4, (finding.message, ""))
        yield _line(4, (agreed(item.waiver), "dim"))
    if verdict.waived:
        yield Line()
    if verdict.problems:
        yield _line(0, ("WAIVERS THAT MAY NOT STAND", "bold red"))
        yield from (_line(2, (str(problem), "")) for problem in verdict.problems)
        yield Line()


def _unjudged(verdict: Verdict, *, verbose: bool) -> Iterator[Line]:
    unjudged = verdict.results.unjudged
    if not unjudged:
        return
    types = counted(len(unjudged), "type")
    resources = counted(sum(unjudged.values()), "resource")
    yield _line(0, (f"no rule looks at {types} ({resources}){':' if verbose else '; --verbose lists them'}", "dim"))
    if verbose:
        yield from (_line(2, (f"{number} {name}", "dim")) for name, number in unjudged.items())
    yield Line()
