"""Creates, updates and deletes a resource as its row says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud.provider import tags as tagging
from herd.cloud.provider.client import Backoff
from herd.cloud.provider.compare import covers, same
from herd.cloud.provider.errors import AbsentError, CloudError, LostError, PartialError, RefusedError
from herd.cloud.provider.once import make
from herd.cloud.provider.reading import echoed, read, reports
from herd.cloud.provider.row import Change, Row
from herd.cloud.provider.scope import Scope
from herd.cloud.provider.shapes import pick

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


def create(scope: Scope, config: tagging.TagConfig) -> dict[str, Any]:
    """Make the resource; the scope has its id afterwards.

    Raises:
        CloudError: Nothing was made.
        PartialError: Something was made, and isn't complete.
    """
    row = scope.row
    scope.settles = True
    scope.result = make(scope)
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


def _until_ready(scope: Scope, config: tagging.TagConfig, *, updating: bool = False) -> dict[str, Any]:
    """Read until the thing is visible and in a state to be used."""
    patience = scope.cloud.patience
    backoff, row = Backoff(patience, patience.eventual), scope.row
    wait = None if row.wait and updating and not row.wait.after_update else row.wait
    while True:
        outputs = read(scope, config)
        status = str(pick(scope.found, wait.path) or "") if outputs is not None and wait else ""
        if outputs is not None and (wait is None or status in wait.ready):
            return echoed(scope, outputs)
        if wait and status in wait.failed:
            why = wait.reason(scope.found) if wait.reason else ""
            text = f"{scope.id} ended in state {status}" + (f": {why}" if why else "")
            raise RefusedError(f"{row.service}.{row.create.operation}", status, text)
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
        return _until_ready(scope, config, updating=True)
    except CloudError as error:
        if not done and not row.marks_failed_updates:
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
