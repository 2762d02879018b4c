"""HERD-034: GPU pools say how many of their nodes may go at once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from components.base.context import Environment
from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, only_in
from policies.engine.subject import Subject
from policies.rules._shared.kubernetes import karpenter
from policies.rules._shared.machines.accelerated import has_accelerators

AT_MOST_PERCENT: Final = 10
_DAILY: Final = re.compile(r"@daily|@midnight|@hourly|\S+ \S+ \* \* (?:\*|\?|0-6|0-7|1-7)")
_DURATION: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:0s)?")
_DAY_MINUTES: Final = 1_440


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Without budgets Karpenter takes 10 % of the nodes at once, busy ones too; with some, what none of them bounds."""
    if not has_accelerators(resource):
        return
    disruption = resource.props.at("spec", "disruption")
    budgets = disruption.at("budgets")
    found = list(budgets.each())
    if not found:
        yield Violation(budgets, "is absent: Karpenter takes a tenth of the GPU nodes at once, by nobody's decision")
        return
    for reason in _reasons(resource):
        mine = [budget for budget in found if _is_about(budget, reason)]
        always = [budget for budget in mine if _always(budget)]
        if not always:
            when = "outside its schedule" if mine else "ever"
            yield Violation(budgets, f"doesn't bound {reason} {when}: all nodes may go at once")
        elif not any(_narrow(budget.at("nodes"), resource) for budget in always):
            nodes = always[0].at("nodes")
            yield Violation(nodes, f"lets {nodes.text(default='10%')} of the nodes go at once ({reason})")


def _reasons(pool: Subject) -> Iterator[str]:
    """Why Karpenter takes nodes that are busy; empty ones are no loss.

    Source: Karpenter v1, spec.disruption: the default policy is WhenEmptyOrUnderutilized; with `replicas`, none holds.
    """
    yield "Drifted"
    disruption = pool.props.at("spec", "disruption")
    policy = disruption.literal("consolidationPolicy", default="WhenEmptyOrUnderutilized")
    off = disruption.literal("consolidateAfter") == "Never" or pool.props.has("spec", "replicas")
    if policy != "WhenEmpty" and not off:
        yield "Underutilized"


def _is_about(budget: Node, reason: str) -> bool:
    reasons = [text.lower() for text in budget.texts("reasons")]
    return not reasons or reason.lower() in reasons


def _always(budget: Node) -> bool:
    schedule = (budget.literal("schedule") or "").strip()
    if not schedule:
        return True
    duration = _DURATION.fullmatch(budget.literal("duration") or "")
    minutes = int(duration[1] or 0) * 60 + int(duration[2] or 0) if duration else 0
    return minutes >= _DAY_MINUTES and _DAILY.fullmatch(schedule) is not None


def _narrow(nodes: Node, pool: Subject) -> bool:
    text = nodes.literal(default="10%") or "10%"
    if text.endswith("%"):
        return float(text.removesuffix("%")) <= AT_MOST_PERCENT
    size = pool.props.number("spec", "limits", "nodes")
    return size is None or float(text) <= max(1, math.ceil(size * AT_MOST_PERCENT / 100))


RULE: Final = ResourceRule(
    id="HERD-034",
    name="gpu-pools-disruption-budgets",
    pack="cattle",
    title="In prod, GPU pools say how many of their nodes may go at once: a tenth at most",
    severity=only_in(Environment.PROD, severity=Severity.MEDIUM),
    types=karpenter.NODE_POOLS,
    properties=("spec.disruption.budgets",),
    why=(
        "Drift and consolidation end what runs on a node. Karpenter's default takes a tenth of a pool at once, and a"
        " pool whose budgets all have a schedule has none outside of it: one edit of a node class ends every job."
    ),
    fix='Set budgets that always hold for Drifted and Underutilized, such as `[{nodes: "1"}]`.',
    check=check,
)
