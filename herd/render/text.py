"""A graph for people: components as a tree, their resources by type, and what is protected, retained or only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from herd.graph.model import Graph, Resource

_NAMES_SHOWN = 5

# Mark -> its style, and whether a resource carries it; a resource that is read has an id and belongs to someone else.
_MARKS: dict[str, tuple[str, Callable[[Resource], bool]]] = {
    "protected": ("yellow", lambda resource: bool(resource.options["protect"])),
    "retained": ("yellow", lambda resource: bool(resource.options["retainOnDelete"])),
    "read": ("cyan", lambda resource: resource.options["id"] is not None),
}


def tree(graph: Graph) -> RenderableType:
    """The graph as a tree and a summary, fit for 80 columns and for a pipe."""
    shown = Tree(Text.assemble((f"{graph.project} ", "bold"), (graph.stack, "bold cyan")))
    if graph.root:
        _grow(shown, graph, graph.root)
    return Group(shown, Text(), *_summary(graph))


def short_type(token: str) -> str:
    """A type as people say it: ``aws:ec2/vpc:Vpc`` is ``ec2.Vpc``."""
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    if package == "pulumi":
        return f"{name} provider" if module == "providers" else name
    namespace = module.partition("/")[0]
    return f"{namespace}.{name}" if namespace not in ("", "index") else f"{package}.{name}"


def marks(resource: Resource) -> tuple[str, ...]:
    """Which marks a resource carries."""
    return tuple(mark for mark, (_, carried) in _MARKS.items() if carried(resource))


def _grow(branch: Tree, graph: Graph, resource: Resource) -> None:
    children = graph.children(resource.urn)
    plain = [child for child in children if child.custom and not graph.children(child.urn)]
    for (token, marked), group in groupby(plain, key=lambda child: (child.type, marks(child))):
        branch.add(_leaf(token, marked, [_below(resource, child) for child in group]))
    for child in children:
        if child not in plain:
            _grow(branch.add(_component(graph, resource, child)), graph, child)


def _below(parent: Resource, child: Resource) -> str:
    """A name without what it repeats of its parent's."""
    return child.name.removeprefix(f"{parent.name}-") if parent.parent else child.name


def _component(graph: Graph, parent: Resource, resource: Resource) -> Text:
    count = sum(child.custom for child in graph.descendants(resource.urn))
    return Text.assemble(
        (_below(parent, resource), "bold"), f" {short_type(resource.type)} ", (_counted(count, "resource"), "dim"),
        *_marked(marks(resource)),
    )  # fmt: skip


def _leaf(token: str, marked: Sequence[str], names: Sequence[str]) -> Text:
    shown = ", ".join(names)
    if len(names) > _NAMES_SHOWN + 1:  # "and 1 more" would take the place of the name
        shown = f"{', '.join(names[:_NAMES_SHOWN])} and {len(names) - _NAMES_SHOWN} more"
    times = f" x{len(names)}" if len(names) > 1 else ""
    return Text.assemble((short_type(token), "green"), (times, "bold"), f" {shown}", *_marked(marked))


def _marked(marked: Sequence[str]) -> Iterator[tuple[str, str]]:
    if marked:
        yield f" [{', '.join(marked)}]", _MARKS[marked[0]][0]


def _summary(graph: Graph) -> Iterator[Text]:
    custom = [resource for resource in graph.resources if resource.custom]
    providers = [resource for resource in custom if resource.type.startswith("pulumi:providers:")]
    components = len(graph.resources) - len(custom) - (1 if graph.root else 0)
    parts = [
        _counted(len(custom) - len(providers), "resource"),
        _counted(components, "component"),
        _counted(len(providers), "provider"),
    ]
    for mark in _MARKS:
        count = sum(mark in marks(resource) for resource in custom)
        if count:
            parts.append(f"{count} {mark}")
    yield Text(", ".join(parts))
    if graph.outputs:
        yield Text(f"outputs: {', '.join(sorted(graph.outputs))}")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
