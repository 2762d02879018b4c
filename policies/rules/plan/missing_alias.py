"""HERD-P4: what is only renamed keeps its resource."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from policies.engine.facts import Facts
from policies.engine.plan import Operation, Plan, PlanRule
from policies.engine.rule import ANY_TYPE, Severity, Violation, everywhere

# Names that providers derive from the logical one; a rename changes them as well.
_NAMES: Final = frozenset({"name", "namePrefix", "bucket", "bucketPrefix", "tags", "tagsAll", "__defaults", "metadata"})


def check(operation: Operation, plan: Plan, facts: Facts) -> Iterator[Violation]:
    """A deletion beside a creation with the same inputs is a move that nobody told the engine."""
    if operation.op != "delete" or operation.old is None or ":" not in operation.type:
        return
    inputs = _compared(operation.old.values)
    if not inputs:
        return
    for other in plan.of_type(operation.subject.type):
        if other.op == "create" and other.new is not None and _compared(other.new.values) == inputs:
            yield Violation(operation.old.props, f"{operation.name} goes and {other.name} comes with the same inputs")
            return


def _compared(values: Any) -> dict[str, Any]:
    return {key: value for key, value in dict(values).items() if key not in _NAMES and value is not None}


RULE: Final = PlanRule(
    id="HERD-P4",
    name="renamed-with-an-alias",
    pack="plan",
    title="What is only renamed keeps its resource",
    severity=everywhere(Severity.MEDIUM),
    types=(ANY_TYPE,),
    properties=("op",),
    why=(
        "A resource whose name or parent changes in the program is a new one to the engine: it makes the new one and"
        " deletes the old one, with all that hangs on it."
    ),
    fix="Give the new one `aliases=[…]` with the old name or parent, and the plan shows no change.",
    mappings={"reference": ("P4",)},
    check=check,
)
