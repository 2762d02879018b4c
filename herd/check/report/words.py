"""What every report says in the same words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from components.base.problems import Problem
from herd.check.run import Outcome
from herd.check.verdict import Verdict
from policies.engine.evaluate import Finding, NotEvaluated
from policies.engine.rule import Enforcement, Rule
from policies.engine.subject import Origin
from policies.engine.waivers import Waiver

KINDS: Final[Mapping[Origin, str]] = {
    Origin.RENDER: "as its program registers it",
    Origin.DEPLOYMENT: "as it was deployed",
    Origin.PREVIEW: "as a run would make it",
    Origin.FILE: "as it is written",
}
WHOLE: Final = "the stack as a whole"


def resource(urn: str, *, full: bool = False) -> str:
    """What people call a resource: `web (aws:ec2/securityGroup:SecurityGroup)`, or a file's own name for it."""
    if not urn:
        return WHOLE
    if full or not urn.startswith("urn:pulumi:"):
        return urn
    parts = urn.split("::", 3)
    return f"{parts[3]} ({parts[2].rsplit('$', 1)[-1]})"


def named(item: Finding | NotEvaluated) -> str:
    """The resource and the property that a result is about."""
    return f"{resource(item.resource)} {item.property}".rstrip()


def stacks_name(verdict: Verdict, item: Finding | NotEvaluated) -> str:
    """The stack that a result belongs to; of loose files the file."""
    return item.source.file if verdict.origin is Origin.FILE and item.source.file else verdict.name


def advises(finding: Finding) -> bool:
    """Whether a finding is only shown."""
    return finding.enforcement is Enforcement.ADVISORY


def agreed(waiver: Waiver) -> str:
    """Who lives with a finding, why and until when."""
    return f"{waiver.reason} (owner {waiver.owner}, approved by {waiver.approver}, until {waiver.expires})"


def rules_of(outcome: Outcome) -> dict[str, Rule]:
    """Every rule that was asked, by id."""
    return dict(sorted({name: rule for verdict in outcome.verdicts for name, rule in verdict.rules.items()}.items()))


def counted(number: int, one: str, many: str = "") -> str:
    """`1 finding`, `2 findings`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def verdict_line(verdict: Verdict) -> str:
    """The verdict in one line, with every count."""
    findings, silent = verdict.results.findings, verdict.results.not_evaluated
    stop = sum(finding in verdict.stopping for finding in findings)
    parts = [f"{stop} of {counted(len(findings), 'finding')} stop" if findings else "no findings"]
    if silent:
        held = sum(item in verdict.stopping for item in silent)
        parts.append(f"{len(silent)} not evaluated" + (f" ({held} of them stop)" if held else ""))
    if verdict.waived:
        parts.append(f"{len(verdict.waived)} waived")
    if verdict.problems:
        parts.append(f"{counted(len(verdict.problems), 'waiver')} that may not stand")
    parts += [f"{number} {why}" for why, number in verdict.passed_over.items()]
    parts.append(f"{verdict.results.passed} passed")
    return f"{'FAILS' if verdict.stops else 'PASSES'} {verdict.name} {KINDS[verdict.origin]}: {', '.join(parts)}"


def environment_line(verdict: Verdict) -> str:
    """Whose severities held, and who said so."""
    return f"severities of {verdict.facts.environment} ({verdict.environment_from or 'as asked'})"


def shown(text: object) -> str:
    """Text on one line that does nothing to a terminal or a log: what it quotes may hold anything."""
    said = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in str(text))
    # Anywhere in a line, this is the old form of a command to GitHub's runner (ActionCommand.cs).
    return said.replace("##[", r"#\x23[")


def problem_texts(problems: Iterable[Problem]) -> list[str]:
    """Problems as people read them."""
    return [shown(problem) for problem in problems]
