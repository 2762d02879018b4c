"""A rendered graph as the law sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from herd.check.bundles import hidden_where_unread
from herd.graph import SECRET, UNKNOWN, Graph
from herd.graph.model import Resource
from herd.graph.symbols import symbol_of
from policies.engine import values
from policies.engine.subject import Origin, Place, Stack, Subject
from policies.engine.values import provider_inputs

PROVIDER: Final = "pulumi:providers:"
READ_ONLY: Final = "only read by the program"
_HIDDEN: Final = {SECRET: values.SECRET, UNKNOWN: values.UNKNOWN}


def stack_of(graph: Graph) -> Stack:
    """The stack of a graph: symbols are references, secrets and unknowns hidden.

    What the program only reads is left out: it belongs to somebody else, and the graph holds nothing of it.
    """
    made = (_subject(resource, graph) for resource in graph.resources if not _is_read(resource))
    subjects = (hidden_where_unread(one) for one in made)
    return Stack(tuple(subjects), graph.stack, graph.project)


def passed_over(graph: Graph) -> dict[str, int]:
    """What of a graph is not judged and why, with how many."""
    read = sum(map(_is_read, graph.resources))
    return {READ_ONLY: read} if read else {}


def _is_read(resource: Resource) -> bool:
    """Whether the program reads the resource (`Vpc.get`) and doesn't make it."""
    return bool(resource.options.get("id"))


def _subject(resource: Resource, graph: Graph) -> Subject:
    provider = graph.by_urn.get(resource.options.get("provider") or "")
    own = resource.type.startswith(PROVIDER)
    return Subject(
        urn=resource.urn,
        type=resource.type,
        name=resource.name,
        values=_real(provider_inputs(resource.inputs) if own else resource.inputs),
        settings=resource.options,
        parent=resource.parent,
        origin=Origin.RENDER,
        place=Place(resource.source.file, resource.source.line),
        provider_values=_real(provider_inputs(provider.inputs)) if provider else None,
        custom=resource.custom,
    )


def _real(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _real(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_real(item) for item in value]
    if isinstance(value, str):
        return _HIDDEN.get(value) or _reference(value)
    return value


def _reference(value: str) -> str:
    found = symbol_of(value)
    return values.Reference(value, found.owner, found.path) if found else value
