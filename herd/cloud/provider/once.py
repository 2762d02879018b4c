"""Sends a create call so that a lost answer makes no second thing."""

from __future__ import annotations

import re
import threading
import uuid
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import jmespath

from herd.cloud.provider import tags as tagging
from herd.cloud.provider.client import Backoff
from herd.cloud.provider.compare import same
from herd.cloud.provider.errors import LostError, RefusedError
from herd.cloud.provider.reading import read
from herd.cloud.provider.scope import Scope

TAKEN = re.compile(r"Already|Exists|Duplicate|InUse|Conflict")
_locks: dict[tuple[str, str, str], threading.Lock] = defaultdict(threading.Lock)


def make(scope: Scope) -> dict[str, Any]:
    """Send the create call; the answer, or nothing if the scope got its id otherwise.

    Raises:
        CloudError: Nothing was made, or nobody can tell what was.
    """
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
    as_asked = not (row.tags and row.tags.create) or same((outputs or {}).get("tags"), scope.inputs.get("tags"))
    if outputs is None or not as_asked:
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
