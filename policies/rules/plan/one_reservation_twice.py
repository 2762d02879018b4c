"""HERD-P10: on fixed capacity the old slice goes in a plan before the new one comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.k8s_platform.scheduling import POOL, SLICE
from policies.engine.facts import Facts
from policies.engine.plan import Operation, Plan, PlanRule
from policies.engine.rule import Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.machines.templates import NODE_GROUP
from policies.rules._shared.types import GPU_NODE_POOL

_FIXED: Final = ("targeted-reservation", "capacity-block", "open-reservation")


def check(operation: Operation, plan: Plan, facts: Facts) -> Iterator[Violation]:
    """Pulumi creates before it deletes: machines that the old group still has can't be had for the new one."""
    if operation.op != "create" or operation.new is None:
        return
    place = _slice(operation.new)
    if place is None or not _fixed(plan, place[0]):
        return
    for other in plan.of_type(NODE_GROUP):
        if other.op == "delete" and other.old is not None and _slice(other.old) == place:
            message = f"comes on the machines that {other.name} gives back only after it, in the same plan"
            yield Violation(operation.new.props, message)


def _slice(group: Subject) -> tuple[str, str] | None:
    pool, number = group.props.text("labels", POOL), group.props.text("labels", SLICE)
    return None if pool is None or number is None else (pool, number)


def _fixed(plan: Plan, pool: str) -> bool:
    """Whether a pool runs on capacity that can't grow: its component says."""
    components = [operation.subject for operation in plan.of_type(GPU_NODE_POOL) if operation.name == pool]
    return any(component.props.literal("capacity", "kind") in _FIXED for component in components)


RULE: Final = PlanRule(
    id="HERD-P10",
    name="fixed-capacity-freed-first",
    pack="plan",
    title="On fixed capacity the old slice is given back one deployment before the new one comes",
    severity=everywhere(Severity.HIGH),
    types=(NODE_GROUP,),
    properties=("labels", "capacity"),
    why=(
        "A reservation has no spare machines. Pulumi creates first and deletes last, so a group that needs the machines"
        " of one that goes in the same run waits for them until it fails, after half an hour."
    ),
    fix=(
        "Use two deployments: `herd pool retire` the drained slice and deploy, then give the slice to the new"
        " generation."
    ),
    check=check,
)
