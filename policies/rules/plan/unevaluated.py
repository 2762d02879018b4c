"""HERD-P8: no plan goes ahead on critical rules that couldn't say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts, known
from policies.engine.node import Node
from policies.engine.plan import Plan, WholePlanRule
from policies.engine.rule import ANY_TYPE, Severity, Violation, everywhere


def check(plan: Plan, facts: Facts) -> Iterator[Violation]:
    """A preview's unknowns silence rules; the rendered graph has symbols instead and can be judged."""
    for silent in known(plan.silent_critical, "what the law says of the resources: judge the stack with the plan"):
        yield Violation(Node(None), f"a critical rule couldn't say: {silent}")


RULE: Final = WholePlanRule(
    id="HERD-P8",
    name="critical-rules-evaluated",
    pack="plan",
    title="No plan goes ahead on critical rules that couldn't say",
    severity=everywhere(Severity.CRITICAL),
    types=(ANY_TYPE,),
    properties=("policies",),
    why="Pulumi reports a mandatory policy that meets an unknown value as an advisory remark: it passes in silence.",
    fix="Run `herd check STACK --plan EVENTS`, which judges the rendered graph as well, where values are symbols.",
    mappings={"reference": ("P8",)},
    check=check,
)
