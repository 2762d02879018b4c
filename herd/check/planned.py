"""A run's operations as the law sees them, from the engine events of either engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from components.base.problems import InvalidInputError
from herd import signatures
from herd.graph import SECRET
from herd.plan import Plan as Steps
from herd.plan import Step
from policies.engine import values
from policies.engine.plan import IDLE, Operation, Plan, Shape
from policies.engine.subject import Origin, Subject

# An operation that took place is worth more than one that a refresh or a part of a replacement reports.
_WEIGHT: Final = ("replace", "create-replacement", "delete", "create", "update", "import", "same")
_OPTIONS: Final = ("protect", "retainOnDelete", "initErrors", "external", "parent")


def read_events(path: Path, field: str = "--plan") -> Steps:
    """The steps of a file of engine events, one JSON object a line.

    Such a file is what `pulumi preview --event-log FILE` or, with PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1, `pulumi
    preview --json` writes.

    Raises:
        InvalidInputError: It can't be read, a line is no event, the run never got to its summary, it failed, or there
            are several.
    """
    shown = str(path)
    summaries: list[Mapping[str, Any]] = []
    try:
        steps = Steps.from_events(_events(path, field, summaries))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInputError.one(f"isn't Pulumi's events: {error!r}", file=shown, field=field) from None
    if wrong := next((place for step in steps.steps for place in _misshapen(step)), None):
        raise InvalidInputError.one(f"isn't Pulumi's events: {wrong}", file=shown, field=field)
    if refused := _not_one_run(len(summaries), steps):
        message, fix = refused
        raise InvalidInputError.one(message, file=shown, field=field, fix=fix)
    return steps


def _events(path: Path, field: str, summaries: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The events of a file, one after the other: together they may be larger than memory. Keeps the summaries."""
    shown = str(path)
    try:
        # Lines end where "\n" stands: text of a property may hold U+0085, which Go's JSON writes as it is.
        with path.open(encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    event = json.loads(line)
                except (ValueError, RecursionError):
                    event = None
                if not isinstance(event, dict):
                    fix = "PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1 pulumi preview --json > FILE"
                    raise InvalidInputError.one("is no engine event", file=shown, line=number, field=field, fix=fix)
                if event.get("summaryEvent"):
                    summaries.append(event)
                yield event
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "isn't text"
        raise InvalidInputError.one(f"can't be read: {reason}", file=shown, field=field) from None


def _not_one_run(runs: int, steps: Steps) -> tuple[str, str] | None:
    """Why these are not the events of one whole run, and what to do about it."""
    if not steps.result and not steps.changes:
        return "has no summary: the run was cut off, or these aren't Pulumi's events", "keep every line to the end"
    if runs > 1:
        return f"holds {runs} runs, and which of them is meant nobody can tell", "keep the lines of one"
    if not steps.steps:
        return "has no step, and every run has one of the stack itself", "preview the stack again"
    errors = [message.strip() for severity, _, message in steps.diagnostics if severity == "error"]
    # Older engines leave the result out; a run that succeeds has no errors.
    if steps.result == "succeeded" or not (steps.result or errors):
        return None
    said = f": {errors[0].splitlines()[0][:200]}" if errors and errors[0] else ""
    return f"is of a run that failed, and nobody knows what else it would have done{said}", "make it succeed first"


def _misshapen(step: Step) -> Iterator[str]:
    """What of a step is of another kind than the engine's."""
    for name, value in (("op", step.op), ("urn", step.urn), ("type", step.type)):
        if not isinstance(value, str):
            yield f"the {name} of a step isn't text"
    if not all(isinstance(key, str) for key in (*step.keys, *step.diffs)):
        yield f"a key of the step of {step.urn!r} isn't text"
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

    Raises:
        InvalidInputError: Properties nest hundreds of levels deep.
    """
    try:
        return _plan_of(steps, stack, project, staging, silent)
    except RecursionError:
        raise InvalidInputError.one("isn't Pulumi's events: properties nest too deep", field="--plan") from None


def _plan_of(steps: Steps, stack: str, project: str, staging: Steps | None, silent: Iterable[str] | None) -> Plan:
    done = None if staging is None else frozenset(shape for step in _operations(staging) for shape in _tried(step))
    return Plan(_operations(steps), stack, project, done, None if silent is None else tuple(silent))


def _tried(operation: Operation) -> Iterable[Shape]:
    return operation.shapes if operation.op not in IDLE else ()


def _operations(steps: Steps) -> tuple[Operation, ...]:
    """One operation a resource: a replacement is several steps, and a refresh reports before the run does.

    Besides, one for each that an earlier run replaced and didn't get to delete: it goes now, whatever the resource
    that took its place does.
    """
    best: dict[str, tuple[int, Step]] = {}
    gone: list[Step] = []
    for step in steps.steps:
        if step.op == "delete-replaced":
            gone.append(replace(step, op="delete"))
            continue
        found = replace(step, op="refresh") if step.refreshed else step
        rank = _rank(found.op)
        if step.urn not in best or rank < best[step.urn][0]:
            best[step.urn] = rank, replace(found, op="replace") if found.op == "create-replacement" else found
    left = [step for step in gone if step.urn not in best or best[step.urn][1].op != "replace"]
    return tuple(map(_operation, (*(step for _, step in best.values()), *left)))


def _rank(op: str) -> int:
    return _WEIGHT.index(op) if op in _WEIGHT else len(_WEIGHT) + (op in IDLE)


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
        if value.get(signatures.SIG) == signatures.SECRET:
            return values.SECRET
        return {key: _real(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_real(item) for item in value]
    if value == SECRET:
        return values.SECRET
    return values.UNKNOWN if isinstance(value, str) and value in signatures.UNKNOWN_MARKS else value
