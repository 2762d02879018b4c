"""HERD-P1: what holds state is never deleted or replaced on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.base.context import Environment
from policies.engine.facts import Facts
from policies.engine.plan import Operation, Plan, PlanRule
from policies.engine.rule import Severity, Violation
from policies.rules._shared.stateful import STATEFUL


def check(operation: Operation, plan: Plan, facts: Facts) -> Iterator[Violation]:
    """Pulumi shows such a step as one line among hundreds."""
    if not operation.deletes:
        return
    forced = f" because of {', '.join(operation.keys)}" if operation.keys else ""
    replaced = operation.op == "replace"
    does = "is replaced, and what it holds goes" if replaced else "is deleted with what it holds"
    if operation.retained:
        does = "is replaced by an empty one" if replaced else "leaves the program: nobody manages what it holds"
    yield Violation(operation.subject.props, f"{operation.name} {does}{forced}")


RULE: Final = PlanRule(
    id="HERD-P1",
    name="stateful-never-deleted",
    pack="plan",
    title="What holds state is never deleted or replaced in passing",
    severity={Environment.DEV: Severity.MEDIUM, Environment.TEST: Severity.HIGH, Environment.PROD: Severity.CRITICAL},
    types=tuple(STATEFUL),
    properties=("op",),
    why=(
        "A file system, bucket, registry or key that is replaced comes up empty: a change of one input that forces a"
        " replacement is enough, and the plan shows it as one line among hundreds."
    ),
    fix=(
        "Keep the resource (undo the input that forces it, or add an alias if it was renamed). If it must go: a waiver"
        " that names the URN and this plan's hash."
    ),
    mappings={"reference": ("P1",)},
    check=check,
)
