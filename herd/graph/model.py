"""The graph itself: frozen values, a stable order, JSON that is the same bytes for the same graph."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from components.base.problems import InvalidInputError


@dataclass(frozen=True)
class Source:
    """Where a program makes a resource.

    Attributes:
        file: Path relative to the repository; empty if no file of the repository made the resource.
        line: 1-based line; 0 if unknown.
    """

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


_FIELDS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("urn", "type", "name"), str),
    "parent": str | None,
    "custom": bool,
    **dict.fromkeys(("inputs", "options", "propertyDependencies", "source"), dict),
    "dependencies": list,
}


@dataclass(frozen=True)
class Resource:
    """One registered resource, as the program asked for it.

    Attributes:
        urn: Its identity in the stack.
        type: Pulumi type, such as ``aws:ec2/vpc:Vpc``.
        name: Logical name.
        parent: URN of the parent; None for the stack itself.
        custom: Whether a provider manages it; a component otherwise.
        inputs: Properties in Pulumi's camelCase; secrets and unknowns as `herd.graph.SECRET` and `UNKNOWN`.
        options: Every resource option in Pulumi's camelCase, unset ones too (null, false or empty).
        dependencies: URNs it needs, sorted.
        property_dependencies: Input -> URNs that the input needs, sorted.
        source: Where the program makes it.
    """

    urn: str
    type: str
    name: str
    parent: str | None
    custom: bool
    inputs: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: Source = Source()

    def to_dict(self) -> dict[str, Any]:
        """The resource as JSON data."""
        return {
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "parent": self.parent,
            "custom": self.custom,
            "inputs": _sorted(self.inputs),
            "options": _sorted(self.options),
            "dependencies": sorted(self.dependencies),
            "propertyDependencies": {key: sorted(urns) for key, urns in sorted(self.property_dependencies.items())},
            "source": {"file": self.source.file, "line": self.source.line},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Resource:
        """The resource that `to_dict` wrote.

        Raises:
            KeyError: A field is missing.
            TypeError: A field is of another kind.
        """
        for name, kind in _FIELDS.items():
            if not isinstance(data[name], kind):
                raise TypeError(repr(name))
        return cls(
            urn=data["urn"],
            type=data["type"],
            name=data["name"],
            parent=data["parent"],
            custom=data["custom"],
            inputs=data["inputs"],
            options=data["options"],
            dependencies=tuple(data["dependencies"]),
            property_dependencies={key: tuple(urns) for key, urns in data["propertyDependencies"].items()},
            source=Source(data["source"]["file"], data["source"]["line"]),
        )


@dataclass(frozen=True)
class Graph:
    """Every resource of a stack, in a stable order: each parent before its children, siblings by type and name.

    Build one with `of`; the plain constructor takes resources that are in order already.
    """

    project: str
    stack: str
    resources: tuple[Resource, ...]
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, project: str, stack: str, resources: Iterable[Resource], outputs: Mapping[str, Any] | None = None
    ) -> Graph:
        """A graph of resources in any order."""
        return cls(project, stack, tuple(_tree_order(list(resources))), outputs or {})

    def __contains__(self, urn: str) -> bool:
        return urn in self.by_urn

    def __getitem__(self, urn: str) -> Resource:
        return self.by_urn[urn]

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        """URN -> resource."""
        return {resource.urn: resource for resource in self.resources}

    @property
    def root(self) -> Resource | None:
        """The stack's own resource, which has no parent; None in an empty graph."""
        return next((resource for resource in self.resources if resource.parent is None), None)

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """The resources of any of these types."""
        return tuple(resource for resource in self.resources if resource.type in types)

    def children(self, urn: str) -> tuple[Resource, ...]:
        """The resources whose parent this is."""
        return self._children.get(urn, ())

    def descendants(self, urn: str) -> tuple[Resource, ...]:
        """Everything below a resource, parents first."""
        return tuple(found for child in self.children(urn) for found in (child, *self.descendants(child.urn)))

    def ancestors(self, urn: str) -> tuple[Resource, ...]:
        """The resource's parent, its parent's parent and so on, up to the stack."""
        found: list[Resource] = []
        parent = self[urn].parent
        while parent is not None and parent in self:
            found.append(self[parent])
            parent = self[parent].parent
        return tuple(found)

    def dependents(self, urn: str, *, transitive: bool = False) -> tuple[Resource, ...]:
        """The resources that need this one, by property, dependsOn, provider or deletedWith; not its children."""
        if not transitive:
            return self._dependents.get(urn, ())
        seen: set[str] = set()
        waiting = [urn]
        while waiting:
            for resource in self._dependents.get(waiting.pop(), ()):
                if resource.urn not in seen:
                    seen.add(resource.urn)
                    waiting.append(resource.urn)
        return tuple(resource for resource in self.resources if resource.urn in seen)

    def to_dict(self) -> dict[str, Any]:
        """The graph as JSON data: project, stack, resources, outputs."""
        return {
            "project": self.project,
            "stack": self.stack,
            "resources": [resource.to_dict() for resource in self.resources],
            "outputs": _sorted(self.outputs),
        }

    def to_json(self) -> str:
        """The graph as JSON text that ends in a newline; equal graphs give equal text."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, *, file: str = "") -> Graph:
        """The graph that `to_json` wrote.

        Raises:
            InvalidInputError: The text is not a graph.
        """
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise InvalidInputError.one(f"not JSON: {error.msg}", file=file, line=error.lineno) from None
        return cls.from_data(data, file=file)

    @classmethod
    def from_data(cls, data: Any, *, file: str = "") -> Graph:
        """Read what `to_json` wrote, as JSON data.

        Raises:
            InvalidInputError: The data is not a graph.
        """
        try:
            return cls._from_data(data)
        except (KeyError, TypeError, AttributeError) as error:
            message = f"not a rendered graph: missing or misshapen {error}"
            raise InvalidInputError.one(message, file=file, fix="write it with herd render STACK --json") from None

    @classmethod
    def _from_data(cls, data: Any) -> Graph:
        if not (isinstance(data["project"], str) and isinstance(data["stack"], str)):
            raise TypeError("'project' or 'stack'")
        resources = [Resource.from_dict(resource) for resource in data["resources"]]
        if len({resource.urn for resource in resources}) < len(resources):
            raise TypeError("'urn': two resources have the same")
        found = cls.of(data["project"], data["stack"], resources, data["outputs"])
        # What is its own ancestor hangs from no root: it would be passed over.
        if len(found.resources) < len(resources):
            raise TypeError("'parent': it leads in a circle")
        return found

    @cached_property
    def _children(self) -> dict[str, tuple[Resource, ...]]:
        return _grouped((resource.parent, resource) for resource in self.resources if resource.parent is not None)

    @cached_property
    def _dependents(self) -> dict[str, tuple[Resource, ...]]:
        return _grouped((need, resource) for resource in self.resources for need in sorted(needs(resource)))


def needs(resource: Resource) -> set[str]:
    """URNs that must exist before a resource, its parent apart: dependencies, its provider, what it is deleted with."""
    named = (resource.options.get("provider"), resource.options.get("deletedWith"))
    found = {*resource.dependencies, *(urn for urn in named if urn)}
    return {*found, *(resource.options.get("replaceWith") or ())}


def _grouped(pairs: Iterable[tuple[str, Resource]]) -> dict[str, tuple[Resource, ...]]:
    groups: dict[str, list[Resource]] = {}
    for key, resource in pairs:
        groups.setdefault(key, []).append(resource)
    return {key: tuple(resources) for key, resources in groups.items()}


def _tree_order(resources: Sequence[Resource]) -> Iterable[Resource]:
    """Depth first from the roots, siblings by type, name and URN: independent of the order of registration."""
    known = {resource.urn for resource in resources}
    below: dict[str | None, list[Resource]] = {}
    for resource in sorted(resources, key=lambda item: (item.type, item.name, item.urn)):
        below.setdefault(resource.parent if resource.parent in known else None, []).append(resource)
    waiting = below.get(None, [])[::-1]
    while waiting:
        resource = waiting.pop()
        yield resource
        waiting.extend(below.get(resource.urn, [])[::-1])


def _sorted(value: Any) -> Any:
    """A value with its maps in key order; lists keep theirs."""
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [_sorted(item) for item in value]
    return value
