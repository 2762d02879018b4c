"""A run's operations as the law sees them, from the engine events of either engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from components.base.problems import InvalidInputError
from herd.engine.values import UNKNOWN_MARKS
from herd.graph import SECRET
from herd.plan import Plan as Steps
from herd.plan import Step
from herd.plan.model import REPLACEMENT_PARTS
from policies.engine import values
from policies.engine.plan import Operation, Plan
from policies.engine.subject import Origin, Subject

# An operation that took place is worth more than one that a refresh or a part of a replacement reports.
_WEIGHT: Final = ("replace", "delete", "create", "update", "import")
_OPTIONS: Final = ("protect", "retainOnDelete", "initErrors", "external", "parent")


def read_events(path: Path) -> Steps:
    """The steps of a file of engine events, one JSON object a line.

    Such a file is what `pulumi preview --event-log FILE` or, with PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1, `pulumi
    preview --json` writes.

    Raises:
        InvalidInputError: It can't be read, a line is no event, or the run never got to its summary.
    """
    shown = str(path)
    try:
        # Not splitlines(): text of a property may hold U+0085, which Go's JSON writes as it is.
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "isn't text"
        raise InvalidInputError.one(f"can't be read: {reason}", file=shown, field="--plan") from None
    events: list[Mapping[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            fix = "PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1 pulumi preview --json > FILE"
            raise InvalidInputError.one("is no engine event", file=shown, line=number, field="--plan", fix=fix)
        events.append(event)
    try:
        steps = Steps.from_events(events)
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidInputError.one(f"isn't Pulumi's events: {error!r}", file=shown, field="--plan") from None
    if wrong := next((place for step in steps.steps for place in _misshapen(step)), None):
        raise InvalidInputError.one(f"isn't Pulumi's events: {wrong}", file=shown, field="--plan")
    if not steps.result and not steps.changes:
        message = "has no summary: the run was cut off, or these aren't Pulumi's events"
        raise InvalidInputError.one(message, file=shown, field="--plan", fix="keep every line to the end")
    return steps


def _misshapen(step: Step) -> Iterator[str]:
    """What of a step is of another kind than the engine's."""
    for name, value in (("op", step.op), ("urn", step.urn), ("type", step.type)):
        if not isinstance(value, str):
            yield f"the {name} of a step isn't text"
    for name, state in (("old", step.old), ("new", step.new)):
        parts = [state.get(key) or {} for key in ("inputs", "outputs")] if isinstance(state, Mapping) else [state]
        if not all(isinstance(part, Mapping) for part in parts):
            yield f"{name} of the step of {step.urn!r} isn't a resource"


def plan_of(
    steps: Steps, *, stack: str, project: str, staging: Steps | None = None, silent: Iterable[str] | None = None
) -> Plan:
    """The plan of a run.

    Args:
        steps: The run.
        stack: The stack's name.
        project: The project's name.
        staging: Staging's last verified plan, where it is at hand.
        silent: Critical rules that couldn't say of the stack's resources; None if they were not asked.
    """
    done = (
        None
        if staging is None
        else frozenset(operation.shape for operation in _operations(staging) if _does(operation))
    )
    return Plan(_operations(steps), stack, project, done, None if silent is None else tuple(silent))


def _does(operation: Operation) -> bool:
    return operation.op in _WEIGHT


def _operations(steps: Steps) -> tuple[Operation, ...]:
    """One operation a resource: a replacement is several steps, and a refresh reports before the run does."""
    best: dict[str, Step] = {}
    for step in steps.steps:
        if step.op in REPLACEMENT_PARTS:
            continue
        before = best.get(step.urn)
        if before is None or _rank(step.op) < _rank(before.op):
            best[step.urn] = step
    return tuple(_operation(step) for step in best.values())


def _rank(op: str) -> int:
    return _WEIGHT.index(op) if op in _WEIGHT else len(_WEIGHT)


def _operation(step: Step) -> Operation:
    old, new = _subject(step, step.old), _subject(step, step.new)
    changed = tuple(change.path for change in step.detailed) or step.diffs
    return Operation(step.op, step.urn, step.type, old, new if step.op != "delete" else None, step.keys, changed)


def _subject(step: Step, state: Mapping[str, Any]) -> Subject | None:
    if not state:
        return None
    return Subject(
        urn=step.urn,
        type=step.type,
        name=step.name,
        values=_real(state.get("inputs") or {}),
        settings={key: state[key] for key in _OPTIONS if key in state},
        parent=state.get("parent") or None,
        origin=Origin.PREVIEW,
        results=_real({**(state.get("outputs") or {}), "id": state.get("id")}),
        custom=bool(state.get("custom")),
    )


def _real(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _real(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_real(item) for item in value]
    if value == SECRET:
        return values.SECRET
    return values.UNKNOWN if isinstance(value, str) and value in UNKNOWN_MARKS else value
