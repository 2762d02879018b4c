"""HERD-P4: what is only renamed keeps its resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from policies.engine.facts import Facts
from policies.engine.plan import Operation, Plan, PlanRule
from policies.engine.rule import ANY_TYPE, Severity, Violation, everywhere
from policies.engine.subject import Subject

# Names that providers derive from the logical one; a rename changes them as well.
_NAMES: Final = frozenset({"name", "namePrefix", "bucket", "bucketPrefix", "tags", "tagsAll", "__defaults", "metadata"})


def check(operation: Operation, plan: Plan, facts: Facts) -> Iterator[Violation]:
    """A deletion beside a creation with the same inputs is a move that nobody told the engine."""
    if operation.op != "delete" or operation.old is None or ":" not in operation.type:
        return
    other = _coming(plan).get(_likeness(operation.old))
    if other is not None:
        yield Violation(operation.old.props, f"{operation.name} goes and {other.name} comes with the same inputs")


@lru_cache(maxsize=1)
def _coming(plan: Plan) -> dict[tuple[str, str], Operation]:
    """What is new in a plan, by likeness."""
    found: dict[tuple[str, str], Operation] = {}
    for operation in plan.operations:
        if operation.op == "create" and operation.new is not None:
            found.setdefault(_likeness(operation.new), operation)
    return found


def _likeness(resource: Subject) -> tuple[str, str]:
    """What two resources have in common of which one may be the other under a new name or parent."""
    values = _sorted({key: value for key, value in resource.values.items() if key not in _NAMES})
    # What has no inputs is like every other; its name tells whether it only moves.
    return resource.type, repr(values) if values else f"named {resource.name}"


def _sorted(value: Any) -> Any:
    """A value whose order of keys says nothing, without what is null."""
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value) if value[key] is not None}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


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
