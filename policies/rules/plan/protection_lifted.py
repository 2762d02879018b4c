"""HERD-P3: taking a protection off is a decision of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.base.context import Environment
from policies.engine.facts import Facts
from policies.engine.plan import Operation, Plan, PlanRule
from policies.engine.rule import ANY_TYPE, Severity, Violation
from policies.rules._shared.stateful import FORCED, STATEFUL, is_on


def check(operation: Operation, plan: Plan, facts: Facts) -> Iterator[Violation]:
    """Lifting and deleting in one release would make protection a formality."""
    old, new = operation.old, operation.new
    if old is None or new is None:
        return
    if old.options.flag("protect") and not new.options.flag("protect"):
        yield Violation(new.options.at("protect"), f"{operation.name} loses Pulumi's protection")
    if old.options.flag("retainOnDelete") and not new.options.flag("retainOnDelete"):
        yield Violation(
            new.options.at("retainOnDelete"), f"{operation.name} is no longer kept when it leaves the program"
        )
    guard = STATEFUL.get(new.type)
    if guard and is_on(old.props.text(guard)) and not is_on(new.props.text(guard)):
        yield Violation(new.props.at(guard), f"{operation.name} loses AWS's protection against deletion")
    switch = FORCED.get(new.type)
    if switch and is_on(new.props.text(switch)) and not is_on(old.props.text(switch)):
        yield Violation(new.props.at(switch), f"{operation.name} may be deleted in spite of what it holds")


RULE: Final = PlanRule(
    id="HERD-P3",
    name="protection-lifted-on-purpose",
    pack="plan",
    title="Taking a protection off is a decision of its own",
    severity={Environment.DEV: Severity.LOW, Environment.TEST: Severity.MEDIUM, Environment.PROD: Severity.HIGH},
    types=(ANY_TYPE,),
    properties=("options.protect", "options.retainOnDelete", "deletionProtection"),
    why=(
        "Whoever lifts a protection and deletes in one go has no protection: two releases, each reviewed, are what"
        " makes it one."
    ),
    fix="Leave it on. If it must go: a waiver for this plan, and the deletion in a later release.",
    mappings={"reference": ("P3",)},
    check=check,
)
