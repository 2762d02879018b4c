"""HERD-P11: a group that got no machines is made anew knowingly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.plan import Operation, Plan, PlanRule
from policies.engine.rule import ANY_TYPE, Severity, Violation, everywhere


def check(operation: Operation, plan: Plan, facts: Facts) -> Iterator[Violation]:
    """The state's `initErrors` make the engine replace what may hold some of the machines it asked for."""
    old = operation.old
    if not operation.deletes or old is None:
        return
    errors = old.options.texts("initErrors")
    if errors or any(key.startswith("#initerror") for key in operation.keys):
        said = f": {errors[0][:200]}" if errors else ""
        yield Violation(old.props, f"{operation.name} is made anew after a creation that failed halfway{said}")


RULE: Final = PlanRule(
    id="HERD-P11",
    name="failed-creation-made-anew-knowingly",
    pack="plan",
    title="A creation that failed halfway is repeated knowingly",
    severity=everywhere(Severity.LOW),
    types=(ANY_TYPE,),
    properties=("initErrors",),
    why=(
        "A node group that found too few machines is deleted with those it got before a new one asks again: right for a"
        " group that never worked, wrong if people run on the half of it."
    ),
    fix="Look whether jobs run on what there is; if so drain it first, or wait.",
    check=check,
)
