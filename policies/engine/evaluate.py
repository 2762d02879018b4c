"""Run rules over a stack. Every (rule, resource) ends as passed, found or not evaluated: nothing is left out."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.base.context import Environment
from policies.engine.facts import Facts
from policies.engine.node import show_path
from policies.engine.rule import (
    ANY_TYPE,
    ByType,
    Enforcement,
    GraphRule,
    Rule,
    Severity,
    StackRule,
    Violation,
    applies,
    enforcement,
)
from policies.engine.subject import Origin, Place, Stack, Subject
from policies.engine.values import Reason, UnevaluatedError


@dataclass(frozen=True)
class Finding:
    """A rule is broken.

    Attributes:
        rule: Its id.
        severity: Its severity in the environment.
        enforcement: Whether it stops.
        resource: URN (or a file's name for it); empty for the stack as a whole.
        property: The property, as people write it.
        message: What is wrong.
        fix: What to do.
        source: Where it is made.
    """

    rule: str
    severity: Severity
    enforcement: Enforcement
    resource: str
    property: str
    message: str
    fix: str
    source: Place


@dataclass(frozen=True)
class NotEvaluated:
    """A rule couldn't say.

    Attributes:
        reason: Why.
        message: Why, in a sentence.
    """

    rule: str
    severity: Severity
    resource: str
    property: str
    reason: Reason
    message: str
    source: Place


@dataclass(frozen=True)
class Results:
    """What came of it, before waivers.

    Attributes:
        findings: Worst first.
        not_evaluated: Worst first.
        passed: How many (rule, resource) pairs obey.
        unjudged: Types that no rule is about, with how many resources have them.
        asked: Ids of the rules that hold there.
    """

    findings: tuple[Finding, ...]
    not_evaluated: tuple[NotEvaluated, ...]
    passed: int
    unjudged: dict[str, int]
    asked: frozenset[str]


def evaluate(stack: Stack, rules: Sequence[Rule], facts: Facts) -> Results:
    """Judge a stack by every rule that holds in the environment."""
    run = Evaluation(facts)
    holding = [rule for rule in rules if rule.holds_in(facts.environment)]
    for rule in holding:
        if isinstance(rule, StackRule):
            run.whole(rule, stack)
    by_type = ByType(rule for rule in holding if not isinstance(rule, StackRule))
    judging = ByType(rule for rule in rules if ANY_TYPE not in rule.types)
    unjudged: dict[str, int] = {}
    for subject in stack.subjects:
        for rule in by_type[subject.type]:
            run.one(rule, subject, stack)
        if not judging[subject.type] and not subject.type.startswith("pulumi:"):
            unjudged[subject.type] = unjudged.get(subject.type, 0) + 1
    return run.results(holding, unjudged)


class Evaluation:
    """One evaluation in the making."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.findings: list[Finding] = []
        self.not_evaluated: list[NotEvaluated] = []
        self.passed = 0

    def one(self, rule: Rule, subject: Subject, stack: Stack) -> None:
        """A rule on one resource."""
        if isinstance(rule, GraphRule):
            self.ask(rule, lambda: rule.check(subject, stack, self.facts), subject)
        else:
            self.ask(rule, lambda: rule.check(subject, self.facts), subject)

    def alone(self, rule: Rule, subject: Subject) -> None:
        """What a rule can tell of one resource by itself; what one that waits for the stack can't, it tells then."""
        if (check := rule.alone) is None:
            return
        told = len(self.not_evaluated)
        self.ask(rule, lambda: check(subject, self.facts), subject)
        if isinstance(rule, GraphRule):
            self.not_evaluated[told:] = [one for one in self.not_evaluated[told:] if one.reason is Reason.CRASHED]

    def whole(self, rule: StackRule, stack: Stack) -> None:
        """A rule on the stack as a whole, if it has what the rule is about."""
        if ANY_TYPE in rule.types or any(applies(rule, subject) for subject in stack.subjects):
            self.ask(rule, lambda: rule.check(stack, self.facts), None)

    def ask(self, rule: Rule, check: Callable[[], Iterable[Violation]], subject: Subject | None) -> None:
        """Ask a rule; its findings, or that it couldn't say, are kept."""
        severity = rule.severity[self.facts.environment]
        obeyed = True
        try:
            for violation in check():
                obeyed = False
                self.findings.append(self._finding(rule, severity, violation))
        except UnevaluatedError as error:
            self.not_evaluated.append(_silent(rule, severity, subject, error))
        # A rule's bug must never pass as obedience, nor stop the others; its `exit()` would end all with success.
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is
            crash = UnevaluatedError(Reason.CRASHED, _crash(rule, error))
            self.not_evaluated.append(_silent(rule, severity, subject, crash))
        else:
            self.passed += obeyed

    def results(self, asked: Iterable[Rule], unjudged: dict[str, int] | None = None) -> Results:
        """What came of it, worst first."""
        found = sorted(set(self.findings), key=lambda f: (f.severity.rank, f.rule, f.resource, f.property, f.message))
        silent = sorted(set(self.not_evaluated), key=lambda n: (n.severity.rank, n.rule, n.resource, n.property))
        others = dict(sorted((unjudged or {}).items()))
        return Results(tuple(found), tuple(silent), self.passed, others, frozenset(rule.id for rule in asked))

    def _finding(self, rule: Rule, severity: Severity, violation: Violation) -> Finding:
        subject, path = violation.at.subject, violation.at.path
        return Finding(
            rule.id,
            severity,
            enforcement(severity, self.facts.environment),
            subject.urn if subject else "",
            show_path(path),
            violation.message,
            violation.fix or rule.fix,
            subject.where(path) if subject else Place(),
        )


def _silent(rule: Rule, severity: Severity, subject: Subject | None, error: UnevaluatedError) -> NotEvaluated:
    place = subject.where(error.path) if subject else Place()
    urn = subject.urn if subject else ""
    return NotEvaluated(rule.id, severity, urn, show_path(error.path), error.reason, str(error), place)


def _crash(rule: Rule, error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == rule.file]
    line = f":{frames[-1].lineno}" if frames else ""
    return f"the rule itself failed at {rule.file.name}{line}: {type(error).__name__}: {error}"


def stopping(results: Results, origin: Origin) -> Iterator[Finding | NotEvaluated]:
    """What of the results stops: mandatory findings, rules that crashed, and critical rules that couldn't say.

    A real preview has unknowns that no one can help; its critical rules are asked again before each create.
    """
    yield from (finding for finding in results.findings if finding.enforcement is Enforcement.MANDATORY)
    for silent in results.not_evaluated:
        critical = silent.severity is Severity.CRITICAL and origin is not Origin.PREVIEW
        if critical or silent.reason is Reason.CRASHED:
            yield silent


__all__ = ["Environment", "Evaluation", "Finding", "NotEvaluated", "Results", "evaluate", "stopping"]
