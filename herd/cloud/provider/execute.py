"""Creates, reads, updates and deletes a resource as its row says."""

from __future__ import annotations

import functools
import re
import threading
import uuid
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import jmespath

from herd.cloud.provider import tags as tagging
from herd.cloud.provider.client import Backoff
from herd.cloud.provider.compare import covers, same
from herd.cloud.provider.errors import AbsentError, CloudError, LostError, PartialError, RefusedError
from herd.cloud.provider.row import Change, Read, Row
from herd.cloud.provider.schema import schema
from herd.cloud.provider.scope import Scope
from herd.cloud.provider.shapes import descend, from_result, output_shape, pick, reported

TAKEN = re.compile(r"Already|Exists|Duplicate|InUse|Conflict")
DELETE_WAITS = frozenset(
    {
        "DependencyViolation",
        "ResourceInUse",
        "InvalidGroup.InUse",
        "InvalidIPAddress.InUse",
        "DeleteConflict",
        "FileSystemInUse",
        "OperationAborted",
        "IncorrectFileSystemLifeCycleState",
        "ConcurrentModificationException",
    }
)
_locks: dict[tuple[str, str, str], threading.Lock] = defaultdict(threading.Lock)


def create(scope: Scope, config: tagging.TagConfig) -> dict[str, Any]:
    """Make the resource; the scope has its id afterwards.

    Raises:
        CloudError: Nothing was made.
        PartialError: Something was made, and isn't complete.
    """
    row = scope.row
    scope.settles = True
    scope.result = _make(scope)
    scope.id = scope.id or str(scope.evaluate(row.id) or "")
    if not scope.id:
        raise RefusedError(f"{row.service}.{row.create.operation}", "NoId", "the answer to the creation names nothing")
    scope.cloud.remember(scope.id)
    try:
        scope.state = _until_ready(scope, config)
        steps = [c for c in row.updates if c.at_create and _wanted(scope, c)]
        for step in steps:
            _change(scope, step)
        if row.tags and not row.tags.create and scope.inputs.get("tags"):
            tagging.sync(scope, {})
            steps.append(Change(("tags",), ()))
        return _until_ready(scope, config) if steps else scope.state
    except CloudError as error:
        raise PartialError(scope.id, scope.state or echoed(scope, {}), [str(error)]) from error


def _wanted(scope: Scope, change: Change) -> bool:
    """Whether a new thing needs the change: an input is given and it isn't so already."""
    given = {i: scope.inputs[i] for i in change.inputs if scope.inputs.get(i) is not None}
    told = reports(scope.row)
    return any(i not in told or not covers(value, scope.state.get(i)) for i, value in given.items())


def _make(scope: Scope) -> dict[str, Any]:
    """Send the create call so that a lost answer makes no second thing."""
    row = scope.row
    extra = tagging.at_create(scope)
    if row.token:
        extra[row.token] = str(uuid.uuid4())
    if row.find is None or row.natural:
        return _send(scope, extra, before=None)
    # Two creates of a kind at once could not be told apart when one answer is lost: what is new would be ambiguous.
    with _locks[scope.account, scope.region, row.type]:
        return _send(scope, extra, before=_ids(scope))


def _send(scope: Scope, extra: Mapping[str, Any], before: frozenset[str] | None) -> dict[str, Any]:
    row, patience = scope.row, scope.cloud.patience
    backoff, lost = Backoff(patience, patience.eventual), False
    for _ in range(patience.throttle_attempts):
        try:
            return scope.do(row.create, extra, repeatable=False)
        except LostError:
            lost = True
        except RefusedError as error:
            if not (lost and row.natural and TAKEN.search(error.code)):
                raise
            return _adopt(scope, error)
        if before is not None:
            made = _look(scope, before)
            if made:
                scope.id = made
                return {}
        if not backoff.wait():
            break
    raise LostError(
        f"{row.service}.{row.create.operation}", "NoAnswer", "no answer came, and nothing new was found; run again"
    )


def _adopt(scope: Scope, error: RefusedError) -> dict[str, Any]:
    """Take what an earlier, unanswered call of ours made, if it is what we asked for."""
    row = scope.row
    if row.find:
        found = _ids(scope)
        scope.id = next(iter(found)) if len(found) == 1 else ""
    else:
        scope.id = str(scope.evaluate(row.id) or "")
    outputs = read(scope, tagging.TagConfig()) if scope.id else None
    if outputs is None or not same(outputs.get("tags"), scope.inputs.get("tags")):
        raise error
    return {}


def _ids(scope: Scope) -> frozenset[str]:
    find = scope.row.find
    if find is None:
        return frozenset()
    return frozenset(jmespath.search(find.ids, scope.do(find.call)) or ())


def _look(scope: Scope, before: frozenset[str]) -> str:
    """The one thing that is there now and wasn't before; what was made may take a moment to show."""
    patience = scope.cloud.patience
    backoff = Backoff(patience, min(patience.eventual, 2.0))
    while True:
        new = _ids(scope) - before
        if len(new) == 1:
            return next(iter(new))
        if new:
            name = f"{scope.row.service}.{scope.row.create.operation}"
            text = f"no answer came; it may have made any of {', '.join(sorted(new))}: look, then import one"
            raise LostError(name, "Ambiguous", text)
        if not backoff.wait():
            return ""


def read(scope: Scope, config: tagging.TagConfig) -> dict[str, Any] | None:
    """What the cloud holds, as outputs; None if it isn't there."""
    scope.reading = True  # in a read, "not found" is an answer and not waited out
    try:
        return _read(scope, config)
    finally:
        scope.reading = False


def _read(scope: Scope, config: tagging.TagConfig) -> dict[str, Any] | None:
    row, known = scope.row, schema(scope.row.type)
    scope.outputs = {}
    for index, step in enumerate(row.reads):
        try:
            answer = scope.do(step.call)
        except AbsentError:
            if index and step.optional:
                continue
            return None
        thing = step.select(scope, answer) if step.select else pick(answer, step.found) if step.found else answer
        if not index:
            scope.found = thing if isinstance(thing, dict) else {}
            if thing is None or (row.gone and row.gone(scope.found)):
                return None
        kinds = _kinds(known.outputs, step, first=not index)
        scope.outputs |= from_result({"object": kinds}, _shape(row, step), thing, {**row.names, **step.names}) or {}
    return _completed(scope, config)


def _completed(scope: Scope, config: tagging.TagConfig) -> dict[str, Any]:
    """Add to what the answers said: what the row works out, the region, the tags."""
    row, known = scope.row, schema(scope.row.type)
    scope.outputs.pop("tags", None)
    scope.outputs.pop("tagsAll", None)
    for name, value in row.outputs.items():
        found = scope.evaluate(value)
        if found is not None:
            scope.outputs[name] = found
    scope.state = {**scope.state, **scope.outputs}
    if row.after_read:
        row.after_read(scope)
    if "region" in known.outputs and not row.is_global:
        scope.outputs["region"] = scope.region
    if row.tags:
        scope.state = {**scope.state, **scope.outputs}
        kept = config.kept(tagging.read(scope))
        scope.outputs |= {"tags": kept, "tagsAll": kept}
    return scope.outputs


def _shape(row: Row, step: Read) -> Any:
    shape = output_shape(step.call.service or row.service, step.call.operation)
    return descend(shape, step.found) if step.found else shape


def _kinds(outputs: Mapping[str, Any], step: Read, *, first: bool) -> Mapping[str, Any]:
    only = step.only if step.only is not None else None if first else tuple(n for n in step.names if "." not in n)
    return outputs if only is None else {name: outputs[name] for name in only}


@functools.cache
def reports(row: Row) -> frozenset[str]:
    """The inputs whose absence from a read means that they are unset in the cloud."""
    known, found = schema(row.type), set(row.outputs)
    for step in row.reads:
        inner = _shape(row, step)
        names = reported(known.outputs, inner, {**row.names, **step.names})
        found |= names & set(_kinds(known.outputs, step, first=step is row.reads[0]))
    return frozenset(
        (found | set(row.tells) | ({"tags"} if row.tags else set()) | set(row.watched)) - set(row.never_read)
    )


def echoed(scope: Scope, actual: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs: what the cloud holds, and the inputs that it doesn't tell about."""
    row, known = scope.row, schema(scope.row.type)
    told = reports(row)
    outputs = {k: v for k, v in scope.inputs.items() if k in known.outputs and (k not in told or not actual)}
    outputs |= {k: v for k, v in actual.items() if k not in row.never_read or k not in scope.inputs}
    for name in row.documents:
        if name in scope.inputs and same(scope.inputs[name], actual.get(name), is_document=True):
            outputs[name] = scope.inputs[name]
    if row.tags and "tags" in scope.inputs and "tags" not in outputs:
        outputs["tags"] = scope.inputs["tags"]
    return outputs


def _until_ready(scope: Scope, config: tagging.TagConfig) -> dict[str, Any]:
    """Read until the thing is visible and in a state to be used."""
    patience = scope.cloud.patience
    backoff, row = Backoff(patience, patience.eventual), scope.row
    while True:
        outputs = read(scope, config)
        status = str(pick(scope.found, row.wait.path) or "") if outputs is not None and row.wait else ""
        if outputs is not None and (row.wait is None or status in row.wait.ready):
            return echoed(scope, outputs)
        if row.wait and status in row.wait.failed:
            raise RefusedError(f"{row.service}.{row.create.operation}", status, f"{scope.id} ended in state {status}")
        if not backoff.wait():
            what = f"is still {status}" if outputs is not None else "can't be seen"
            raise LostError(f"{row.service}.{row.reads[0].call.operation}", "TimedOut", f"{scope.id} {what}")


def _change(scope: Scope, change: Change) -> None:
    if callable(change.calls):
        change.calls(scope)
        return
    for call in change.calls:
        scope.do(call)


def changed_inputs(row: Row, old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    """The inputs that don't mean the same any more."""
    return {
        name
        for name in {*old, *new} - {"__defaults", "region"}
        if not same(old.get(name), new.get(name), is_document=name in row.documents, ordered=name in row.ordered)
    }


def update(scope: Scope, config: tagging.TagConfig) -> dict[str, Any]:
    """Change the resource in place.

    Raises:
        CloudError: Nothing was changed.
        PartialError: Some calls worked and a later one didn't.
    """
    row = scope.row
    scope.settles = True
    changed = changed_inputs(row, scope.old, scope.inputs)
    handled = {name for change in row.updates for name in change.inputs} | {"tags", *row.fixed}
    stuck = sorted(changed - handled)
    if stuck:
        raise RefusedError(row.type, "Unsupported", f"the stand-in can't change {', '.join(stuck)} in place")
    done = 0
    try:
        for change in row.updates:
            if changed & set(change.inputs):
                _change(scope, change)
                done += 1
        if row.tags and "tags" in changed:
            tagging.sync(scope, config.kept(tagging.read(_seen(scope, config))))
            done += 1
        return _until_ready(scope, config)
    except CloudError as error:
        if not done:
            raise
        raise PartialError(scope.id, read(scope, config) or scope.state, [str(error)]) from error


def _seen(scope: Scope, config: tagging.TagConfig) -> Scope:
    if read(scope, config) is None:
        raise AbsentError(scope.row.type, "NotFound", f"{scope.id} is gone: refresh, then run again")
    return scope


def delete(scope: Scope, config: tagging.TagConfig) -> None:
    """Take the resource away; what is gone already is fine.

    Raises:
        CloudError: It is still there.
    """
    row = scope.row
    patience = scope.cloud.patience
    try:
        if row.before_delete:
            row.before_delete(scope)
        for call in row.delete:
            scope.do(call, waits_for=DELETE_WAITS)
    except (AbsentError, RefusedError):
        # What is absent may also be something the thing depends on, and AWS refuses to delete what it is deleting
        # already (a key, a secret): believe that it is gone when a read says so.
        if read(scope, config) is not None:
            raise
        return
    if row.wait is None:
        return
    backoff = Backoff(patience, patience.eventual)
    while read(scope, config) is not None:
        if not backoff.wait():
            raise LostError(f"{row.service}.{row.delete[-1].operation}", "TimedOut", f"{scope.id} is still there")
