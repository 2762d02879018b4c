"""HERD-P7: prod does what staging did, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.base.context import Environment
from policies.engine.facts import Facts, known
from policies.engine.plan import Plan, WholePlanRule
from policies.engine.rule import ANY_TYPE, Severity, Violation, only_in


def check(plan: Plan, facts: Facts) -> Iterator[Violation]:
    """What staging has never done has never been tried."""
    staging = known(plan.staging, "staging's last verified plan (--staging EVENTS)")
    for operation in plan.changes:
        if staging.isdisjoint(operation.shapes):
            what = f" of {', '.join(operation.shape[3])}" if operation.op == "update" else ""
            yield Violation(
                operation.subject.props,
                f"{operation.op}{what} on {operation.name}: staging's last plan had no such step",
            )


RULE: Final = WholePlanRule(
    id="HERD-P7",
    name="nothing-staging-has-not-done",
    pack="plan",
    title="Prod does what staging did, and nothing else",
    severity=only_in(Environment.PROD, severity=Severity.HIGH),
    types=(ANY_TYPE,),
    properties=("op",),
    why=(
        "Staging proves a release by going through the same steps. A step that only prod takes (a leftover of a change"
        " by hand, a setting of prod's own) has been tried by nobody."
    ),
    fix="Do it in test first; for what only prod has, write a waiver for this plan that says why.",
    mappings={"reference": ("P7",)},
    check=check,
)
