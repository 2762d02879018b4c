"""A verdict: what the law says of one input, what people waived of it, and whether it stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property

from components.base.problems import Problem
from policies.engine.evaluate import Finding, NotEvaluated, Results, evaluate, stopping
from policies.engine.facts import Facts
from policies.engine.rule import Rule
from policies.engine.subject import Origin, Stack
from policies.engine.waivers import Waived, Waiver, apply
from policies.rules import all_rules


@dataclass(frozen=True)
class Verdict:
    """What the law says of one input.

    Attributes:
        name: The stack, or the file.
        origin: The kind of input.
        facts: What rules knew; its environment decided the severities.
        rules: The rules that were asked, by id.
        results: What came of it, without what is waived.
        waived: Findings that people live with for a while.
        problems: What is wrong with the waivers.
        environment_from: Why the environment's severities hold: who said so.
        passed_over: What was not judged and why, with how many: `waiting to be deleted`.
        plan: The plan's hash, if a plan was judged: what a waiver of a plan rule names.
    """

    name: str
    origin: Origin
    facts: Facts
    rules: Mapping[str, Rule]
    results: Results
    waived: tuple[Waived, ...] = ()
    problems: tuple[Problem, ...] = ()
    environment_from: str = ""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    plan: str = ""

    @cached_property
    def stopping(self) -> frozenset[Finding | NotEvaluated]:
        """The findings that stop, and what was not evaluated and may not be left so."""
        return frozenset(stopping(self.results, self.origin))

    @property
    def stops(self) -> bool:
        """Whether anything stops."""
        return bool(self.stopping or self.problems)


def judge(
    stack: Stack,
    facts: Facts,
    waivers: Sequence[Waiver] = (),
    today: date | None = None,
    rules: Sequence[Rule] | None = None,
) -> Verdict:
    """Judge one input.

    Args:
        stack: What is judged.
        facts: What rules may know; the stack's name in it decides which waivers are for it.
        waivers: The checkout's waivers. Those of rules that are not asked are left alone.
        today: The day that waivers are held against; today's by default.
        rules: The rules to ask; all by default.
    """
    asked = {rule.id: rule for rule in (all_rules() if rules is None else rules)}
    results = evaluate(stack, tuple(asked.values()), facts)
    today = today or datetime.now(UTC).date()
    # A waiver of a rule that isn't asked takes nothing, and that says nothing about it.
    applied = apply(waivers, results.findings, today=today, stack=facts.stack, asked=results.asked)
    return Verdict(
        name=stack.name,
        origin=stack.origin,
        facts=facts,
        rules=asked,
        results=replace(results, findings=applied.left),
        waived=applied.waived,
        problems=applied.problems,
    )
