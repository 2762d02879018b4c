"""A rendered graph as the law sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.graph import SECRET, UNKNOWN, Graph
from herd.graph.model import Resource
from herd.graph.symbols import Symbol
from policies.engine import values
from policies.engine.subject import Origin, Place, Stack, Subject


def stack_of(graph: Graph) -> Stack:
    """The stack of a graph: symbols are references, secrets and unknowns hidden."""
    return Stack(tuple(_subject(resource, graph) for resource in graph.resources), graph.stack, graph.project)


def _subject(resource: Resource, graph: Graph) -> Subject:
    provider = graph.by_urn.get(resource.options.get("provider") or "")
    return Subject(
        urn=resource.urn,
        type=resource.type,
        name=resource.name,
        values=_real(resource.inputs),
        settings=resource.options,
        parent=resource.parent,
        origin=Origin.RENDER,
        place=Place(resource.source.file, resource.source.line),
        provider_values=_real(provider.inputs) if provider else None,
        custom=resource.custom,
    )


def _real(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _real(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_real(item) for item in value]
    if not isinstance(value, str):
        return value
    if value == SECRET:
        return values.SECRET
    if value == UNKNOWN:
        return values.UNKNOWN
    if value.startswith("${"):
        try:
            symbol = Symbol.parse(value)
        except ValueError:
            return value
        return values.Reference(value, symbol.owner, symbol.path)
    return value
