"""HERD-P2: nodes go only when they have been drained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.k8s_platform.scheduling import DRAINING
from policies.engine.facts import Facts
from policies.engine.plan import Operation, Plan, PlanRule
from policies.engine.rule import Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.kubernetes.karpenter import NODE_POOLS
from policies.rules._shared.machines.templates import GROUP, NODE_GROUP


def check(operation: Operation, plan: Plan, facts: Facts) -> Iterator[Violation]:
    """A group that is deleted takes its jobs along, whoever runs them."""
    old = operation.old
    if not operation.deletes or operation.retained or old is None or _never_had_nodes(old):
        return
    if not _drained(old):
        yield Violation(old.props, f"{operation.name} goes with the nodes it has: it isn't draining")


def _drained(old: Subject) -> bool:
    if old.type in NODE_POOLS:
        limits = old.props.entries("spec", "limits")
        return bool(limits) and all(node.literal() in ("0", "0Mi", "0Gi") for node in limits.values())
    if old.type == NODE_GROUP and any(taint.text("key") == DRAINING for taint in old.props.each("taints")):
        return True
    return _maximum(old) == 0


def _never_had_nodes(old: Subject) -> bool:
    """A group that AWS gave up while it was made; rule P11 tells of it."""
    return old.options.has("initErrors")


def _maximum(old: Subject) -> float | None:
    if old.type == NODE_GROUP:
        return old.props.number("scalingConfig", "maxSize")
    return old.props.number("maxSize") if old.type == GROUP else None


RULE: Final = PlanRule(
    id="HERD-P2",
    name="nodes-drained-before-they-go",
    pack="plan",
    title="Nodes go only when they have been drained",
    severity=everywhere(Severity.HIGH),
    types=(NODE_GROUP, GROUP, *NODE_POOLS),
    properties=("op",),
    why=(
        "Deleting or replacing a pool ends every job on it: EKS terminates the nodes of a group that goes, Karpenter"
        " those of a NodePool. Evidence that nothing runs there exists only for what takes no new work."
    ),
    fix="Run `herd pool drain STACK POOL KEY` and deploy; when its jobs are done, `herd pool retire` with evidence.",
    mappings={"reference": ("P2",)},
    check=check,
)
