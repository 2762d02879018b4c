"""Reads a resource back from the cloud: outputs, and what their absence means."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from herd.cloud.provider import tags as tagging
from herd.cloud.provider.compare import same
from herd.cloud.provider.errors import AbsentError
from herd.cloud.provider.row import Read, Row
from herd.cloud.provider.schema import schema
from herd.cloud.provider.scope import Scope
from herd.cloud.provider.shapes import descend, from_result, output_shape, pick, reported


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
