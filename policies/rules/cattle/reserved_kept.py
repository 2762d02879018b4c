"""HERD-063: reserved machines are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared.kubernetes import karpenter, node_life
from policies.rules._shared.machines.capacity import is_reserved
from policies.rules._shared.machines.templates import GROUP

_CONSOLIDATION: Final = ("Empty", "Underutilized")


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """A pool whose limits are zero drains: its places are the next generation's."""
    props = resource.props
    if resource.type == GROUP:
        lifetime = props.at("maxInstanceLifetime")
        if lifetime.number() and is_reserved(resource, stack):
            yield Violation(
                lifetime, f"replaces reserved machines after {lifetime.text()} s, jobs or not", _NO_LIFETIME
            )
        return
    if not node_life.takes_reserved(resource, stack) or node_life.is_stopped(resource):
        return
    after = node_life.expire_after(resource)
    if not node_life.is_never(after):
        message = f"ends reserved nodes and the jobs on them after {after.text(default='720h (the default)')}"
        yield Violation(after, message)
    disruption = props.at("spec", "disruption")
    quiet = disruption.at("consolidateAfter")
    # With replicas Karpenter ignores consolidation (NodePool CRD).
    if not props.has("spec", "replicas") and not node_life.is_never(quiet) and not _forbids(disruption):
        policy = disruption.text("consolidationPolicy", default="WhenEmptyOrUnderutilized")
        message = f"gives reserved nodes back ({policy} after {quiet.text(default='0s, the default')})"
        yield Violation(quiet, message, _NO_CONSOLIDATION)


_NO_LIFETIME: Final = "Leave max_instance_lifetime out: generations renew reserved machines."
_NO_CONSOLIDATION: Final = "Set spec.disruption.consolidateAfter: Never, or a budget of nodes: '0' at all times."


def _forbids(disruption: Node) -> bool:
    """Whether budgets allow no node to go, at any time, for either reason of consolidation."""
    forbidden: set[str] = set()
    for budget in disruption.each("budgets"):
        if (budget.literal("nodes") or "").removesuffix("%") == "0" and not budget.has("schedule"):
            forbidden |= set(budget.texts("reasons") or _CONSOLIDATION)
    return forbidden.issuperset(_CONSOLIDATION)


RULE: Final = GraphRule(
    id="HERD-063",
    name="reserved-machines-are-kept",
    pack="cattle",
    title="Pools on reserved machines are never consolidated or expired",
    severity=everywhere(Severity.HIGH),
    types=(*karpenter.NODE_POOLS, GROUP),
    properties=(
        "spec.template.spec.expireAfter",
        "spec.disruption.consolidateAfter",
        "spec.disruption.budgets",
        "maxInstanceLifetime",
    ),
    why=(
        "A reservation is paid for whether or not its machines run, so ending one saves nothing: it ends jobs, and of a"
        " capacity block it may give back what can't be had again. Karpenter does both by default: expireAfter is 720h"
        " and forceful, consolidation starts at once."
    ),
    fix="Set spec.template.spec.expireAfter: Never. Generations renew reserved machines, one slice at a time.",
    check=check,
)
