"""Take each hardening argument of our own components away, and see whether a named rule notices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import RootModel

from components.base.context import Environment
from components.base.spec import Spec
from components.base.validation import validate_yaml
from components.base.yaml_file import YamlFile
from herd.check.rendered import stack_of
from herd.graph import Graph
from policies.engine.evaluate import evaluate
from policies.engine.facts import Facts
from policies.engine.rule import Rule
from policies.engine.subject import Stack, Subject

FILE: Final = Path(__file__).parents[2] / "policies/hardening.yaml"
WHOLE: Final = "resource"
AIM: Final = 0.95
"""The share of removals that a rule must notice."""
_OPTION: Final = "options:"
_ANY_CONTENT: Final = "HERD-062"


class Arguments(Spec):
    """The arguments of one type.

    Attributes:
        hardening: Paths that harden; `resource` for the resource as a whole, `options:NAME` for an option.
        plain: Top-level arguments that don't.
    """

    hardening: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()

    def names(self) -> set[str]:
        """The top-level arguments it speaks of."""
        paths = (path for path in self.hardening if path != WHOLE and not path.startswith(_OPTION))
        return {re.split(r"[.\[=]", path, maxsplit=1)[0] for path in (*paths, *self.plain)}


class Table(RootModel[dict[str, Arguments]]):
    """hardening.yaml: type -> its arguments."""


@dataclass(frozen=True)
class Removal:
    """One argument taken away from one resource.

    Attributes:
        stack: The stack.
        type: The resource's type.
        path: The argument.
        resource: The resource's name.
        noticed: Rules that found something they hadn't found before.
    """

    stack: str
    type: str
    path: str
    resource: str
    noticed: tuple[str, ...]


def table() -> Mapping[str, Arguments]:
    """The arguments by type.

    Raises:
        InvalidInputError: The file is malformed.
    """
    return validate_yaml(Table, YamlFile.load(FILE, shown="policies/hardening.yaml")).root


def unclassified(graphs: Sequence[Graph], known: Mapping[str, Arguments]) -> list[str]:
    """Arguments that a component passes and the table doesn't speak of, as `TYPE: argument`."""
    found = {
        f"{resource.type}: {name}"
        for graph in graphs
        for resource in graph.resources
        if resource.custom and not resource.type.startswith("pulumi:")
        for name in resource.inputs
        if name not in (known[resource.type].names() if resource.type in known else ())
    }
    return sorted(found)


def removals(graph: Graph, rules: Sequence[Rule], facts: Facts, known: Mapping[str, Arguments]) -> Iterator[Removal]:
    """Take each hardening argument from one resource of each component that passes it, and judge again.

    Prod's law is what a component must stand: some rules hold there alone.
    """
    stack, facts = stack_of(graph), replace(facts, environment=Environment.PROD)
    # It notices any change of a generation's content, and would hide what no rule about the argument itself sees.
    rules = [rule for rule in rules if rule.id != _ANY_CONTENT]
    before = set(evaluate(stack, rules, facts).findings)
    for subject, path in _sites(stack, known):
        changed = _without(stack, subject, path)
        after = set(evaluate(changed, rules, facts).findings)
        noticed = tuple(sorted({finding.rule for finding in after - before}))
        yield Removal(graph.stack, subject.type, path, subject.name, noticed)


def share(tried: Sequence[Removal]) -> float:
    """How many of the removals a rule noticed, 0 to 1."""
    return sum(bool(removal.noticed) for removal in tried) / len(tried) if tried else 0.0


def _sites(stack: Stack, known: Mapping[str, Arguments]) -> Iterator[tuple[Subject, str]]:
    """One resource for each argument, type and component: more of a kind would try the same rule again."""
    seen: set[tuple[str, str, str]] = set()
    for subject in stack.subjects:
        for path in known[subject.type].hardening if subject.type in known else ():
            component = next((above.type for above in stack.ancestors(subject) if not above.custom), "")
            if (component, subject.type, path) not in seen and _has(subject, path):
                seen.add((component, subject.type, path))
                yield subject, path


def _has(subject: Subject, path: str) -> bool:
    if path == WHOLE:
        return True
    if path.startswith(_OPTION):
        return bool(subject.settings.get(path.removeprefix(_OPTION)))
    return _delete(deepcopy(dict(subject.values)), *_keys(path))


def _without(stack: Stack, subject: Subject, path: str) -> Stack:
    if path == WHOLE:
        return replace(stack, subjects=tuple(one for one in stack.subjects if one is not subject))
    if path.startswith(_OPTION):
        changed = replace(subject, settings={**subject.settings, path.removeprefix(_OPTION): None})
    else:
        values = deepcopy(dict(subject.values))
        _delete(values, *_keys(path))
        changed = replace(subject, values=values)
    return replace(stack, subjects=tuple(changed if one is subject else one for one in stack.subjects))


def _keys(path: str) -> tuple[tuple[str, ...], str]:
    """A path's keys, and the value that it is about; any if empty."""
    before, _, value = path.partition("=")
    return tuple(re.findall(r"\[\*\]|[^.\[\]]+", before)), value


def _delete(value: Any, keys: tuple[str, ...], wanted: str) -> bool:
    """Delete a path; whether there was anything. An empty list or map is nothing."""
    first, rest = keys[0], keys[1:]
    if first == "[*]":
        gone = [_delete(item, rest, wanted) for item in value] if isinstance(value, list) else []
        return any(gone)
    if not isinstance(value, dict) or first not in value:
        return False
    if rest:
        return _delete(value[first], rest, wanted)
    found = value[first]
    if found in (None, [], {}) or (wanted and str(found).lower() != wanted):
        return False
    del value[first]
    return True
