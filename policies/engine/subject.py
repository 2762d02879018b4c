"""What is judged: subjects (resources, manifests, cluster files) and the stack they make up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from policies.engine.node import Node, Path
from policies.engine.types import canonical
from policies.engine.values import Reference


class Origin(StrEnum):
    """Where subjects come from, which decides what can be seen of them."""

    RENDER = "render"
    """The program as it registers: inputs and every option, symbols for what only the cloud knows."""
    DEPLOYMENT = "deployment"
    """A saved deployment: inputs, outputs and ids, few options."""
    PREVIEW = "preview"
    """A run of the real engine: inputs with unknowns, few options."""
    FILE = "file"
    """A file people hold: Kubernetes manifests, a ParallelCluster configuration."""


@dataclass(frozen=True)
class Place:
    """Where something is written; line 0 if nobody knows."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, eq=False)
class Subject:
    """One resource as a rule sees it.

    Attributes:
        urn: Its identity; for a file's content what people call it (`Deployment/team-a/trainer`).
        type: Canonical Pulumi type (`policies.engine.types`), such as `aws:ec2/launchTemplate:LaunchTemplate`.
            A Kubernetes object has pulumi-kubernetes' type, a ParallelCluster configuration `PARALLELCLUSTER`.
        name: Logical name.
        values: Inputs in Pulumi's camelCase with `Hidden` and `Reference` in place.
        settings: Options in Pulumi's camelCase (`protect`, `ignoreChanges`, `retainOnDelete` …), `Hidden` if invisible.
        parent: URN of the parent.
        origin: Where it comes from.
        place: Where it is made: the registering code, or the start of the document.
        results: Outputs, where the front end has any.
        provider_values: Inputs of its provider, where the front end knows it.
        custom: Whether a provider manages it; a component otherwise.
        line_of: Line of a property in `place.file`, for files that have lines; 0 if unknown.
    """

    urn: str
    type: str
    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    origin: Origin = Origin.RENDER
    place: Place = Place()
    results: Mapping[str, Any] = field(default_factory=dict)
    provider_values: Any = None
    custom: bool = True
    line_of: Callable[[Path], int] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", canonical(self.type))

    @property
    def may_have_blanks(self) -> bool:
        """Whether its text may be that of a template (`${NAME}`, as envsubst and Flux fill it in)."""
        return self.origin is Origin.FILE

    @cached_property
    def props(self) -> Node:
        """The inputs."""
        return Node(self.values, (), self)

    @cached_property
    def options(self) -> Node:
        """The resource options."""
        return Node(self.settings, (), self)

    @cached_property
    def outputs(self) -> Node:
        """The outputs; nothing where the front end has none."""
        return Node(self.results, (), self)

    @cached_property
    def provider(self) -> Node:
        """The provider's own inputs, such as `defaultTags`; nothing where nobody knows them."""
        return Node(self.provider_values, (), self)

    def where(self, path: Path = ()) -> Place:
        """Where a property is written, as near as is known."""
        line = self.line_of(path) if self.line_of else 0
        return Place(self.place.file, line or self.place.line)


@dataclass(frozen=True, eq=False)
class Stack:
    """Every subject that is judged together.

    Attributes:
        subjects: In a stable order, parents before children.
        name: The stack's name, or the file's.
        project: The project's name.
        origin: Where they come from.
    """

    subjects: tuple[Subject, ...]
    name: str = ""
    project: str = ""
    origin: Origin = Origin.RENDER

    @cached_property
    def by_urn(self) -> dict[str, Subject]:
        """URN -> subject."""
        return {subject.urn: subject for subject in self.subjects}

    @cached_property
    def _by_type(self) -> dict[str, tuple[Subject, ...]]:
        return _grouped((subject.type, subject) for subject in self.subjects)

    @cached_property
    def _children(self) -> dict[str, tuple[Subject, ...]]:
        return _grouped((subject.parent, subject) for subject in self.subjects if subject.parent)

    @cached_property
    def _by_id(self) -> dict[str, Subject]:
        """What a saved deployment's properties name each other by, ids before ARNs before names.

        A bucket's policy has the bucket's own name for an id: what was made first is what others name.
        """
        found: dict[str, Subject] = {}
        for key in ("id", "arn", "bucket", "name"):
            for subject in self.subjects:
                value = subject.results.get(key)
                if isinstance(value, str) and value and subject.custom:
                    found.setdefault(value, subject)
        return found

    def of_type(self, *types: str) -> tuple[Subject, ...]:
        """The subjects of these types, old names of the types included."""
        return tuple(s for name in dict.fromkeys(map(canonical, types)) for s in self._by_type.get(name, ()))

    def children(self, subject: Subject) -> tuple[Subject, ...]:
        """The subjects whose parent this is."""
        return self._children.get(subject.urn, ())

    def ancestors(self, subject: Subject) -> tuple[Subject, ...]:
        """The subject's parent, its parent's parent and so on."""
        found: list[Subject] = []
        parent = subject.parent
        while parent and parent in self.by_urn and self.by_urn[parent] not in found:
            found.append(self.by_urn[parent])
            parent = found[-1].parent
        return tuple(found)

    def target(self, value: str | None) -> Subject | None:
        """The subject that a value names: by symbol in a render, by id, ARN or name in a saved deployment."""
        if isinstance(value, Reference):
            return self.by_urn.get(value.owner)
        return self._by_id.get(value) if value else None

    def named_by(self, node: Node) -> Subject | None:
        """The subject that a property names; None if it is outside the stack.

        Raises:
            UnevaluatedError: The property is unknown.
        """
        return self.target(node.text())


NOTHING_ELSE: Final = Stack(())
"""What a resource by itself is judged with."""


def _grouped(pairs: Iterable[tuple[str | None, Subject]]) -> dict[str, tuple[Subject, ...]]:
    groups: dict[str, list[Subject]] = {}
    for key, subject in pairs:
        if key is not None:
            groups.setdefault(key, []).append(subject)
    return {key: tuple(subjects) for key, subjects in groups.items()}
