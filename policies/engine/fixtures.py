"""Fixtures: what a rule must find and what it must leave alone, as data; one YAML file a rule.

    rule: HERD-014
    good:                                  # nothing found, everything evaluated
      - case: pinned to a number
        resources:
          - type: aws:eks/nodeGroup:NodeGroup
            props: {launchTemplate: {id: lt-1, version: "3"}}
    bad:                                   # found, for the reason and at the property it says
      - case: the newest version
        property: launchTemplate.version
        says: "Latest"                     # a regular expression within the message
        resources: [...]
    empty: {expect: found, resources: [{type: aws:eks/nodeGroup:NodeGroup}]}   # found | passed | not evaluated
    mutations:                             # applied to each good case: the rule must find something then
      - {set: launchTemplate.version, to: $Latest}
      - {delete: launchTemplate.version}

`${unknown}` and `${secret}` stand for such values, `${name.property}` for a symbol of the fixture's resource of that
name. Each path of a mutation is also made unknown, and the rule must say that it can't tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from components.base.problems import InvalidInputError
from components.base.spec import Spec
from components.base.validation import validate_yaml
from components.base.yaml_file import YamlFile
from policies.engine.plan import Operation, Plan
from policies.engine.subject import Origin, Place, Stack, Subject
from policies.engine.values import SECRET, UNKNOWN, Reference

FOLDER: Final = Path(__file__).parents[1] / "fixtures"
_SYMBOL: Final = re.compile(r"\$\{([^{}]+)\}")
_HIDDEN: Final = {"${unknown}": UNKNOWN, "${secret}": SECRET}


class Resource(Spec):
    """One resource of a case."""

    type: str
    name: str = "it"
    props: Any = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)
    provider: dict[str, Any] | None = None
    parent: str | None = None
    component: bool = False


class Recorded(Spec):
    """One operation of a plan, for plan rules.

    Attributes:
        op: create, update, delete, replace, same …
        old: Inputs before; None if it is new.
        new: Inputs after; None if it goes.
        was: Options before, such as `protect`.
        options: Options after.
        keys: Properties that force a replacement.
        changed: Paths that change.
    """

    op: str
    type: str
    name: str = "it"
    old: dict[str, Any] | None = None
    new: dict[str, Any] | None = None
    was: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    keys: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


class Case(Spec):
    """Resources that are judged together.

    Attributes:
        case: What it shows.
        resources: The first is the one that mutations change, unless they say another.
        operations: For a plan rule, what the plan does; the first is the one that mutations change.
        staging: For a plan rule, what staging's last verified plan did; None if it is not at hand.
        silent_critical: For a plan rule, critical rules that couldn't say; None if they were not asked.
        facts: Facts that differ from the defaults (`Facts`), such as `environment: dev`.
        origin: The front end it comes from.
        property: Of a bad case: the property of the finding.
        says: Of a bad case: a regular expression within its message.
        exempt: Of a good case: why no mutation can make it bad (the rule isn't about it).
    """

    case: str = ""
    resources: tuple[Resource, ...] = ()
    operations: tuple[Recorded, ...] = ()
    staging: tuple[Recorded, ...] | None = None
    silent_critical: tuple[str, ...] | None = None
    facts: dict[str, Any] = Field(default_factory=dict)
    origin: Origin = Origin.RENDER
    property: str = ""
    says: str = ""
    exempt: str = ""


class Empty(Case):
    """A resource without properties.

    Attributes:
        expect: What becomes of it.
    """

    expect: Literal["found", "passed", "not evaluated"]


class Mutation(Spec):
    """A change that makes a good case bad.

    Attributes:
        set: Path to set, such as `launchTemplate.version`, `options:protect` or, of an operation, `self:op`.
        to: Its value.
        delete: Path to delete.
        add: A resource to add.
        record: An operation to add.
        case: A field of the case itself to set, such as `silent_critical`.
        remove: Name of a resource to take away.
        of: Name of the resource that is changed; None for the first.
        cases: Cases it is for; all if empty.
        unknown: Why the path may be unknown without the rule noticing; empty if it must notice.
    """

    set: str = ""
    to: Any = None
    delete: str = ""
    add: Resource | None = None
    record: Recorded | None = None
    case: str = ""
    remove: str = ""
    of: str | None = None
    cases: tuple[str, ...] = ()
    unknown: str = ""

    @model_validator(mode="after")
    def _one(self) -> Mutation:
        if sum(bool(one) for one in (self.set, self.delete, self.add, self.record, self.remove, self.case)) != 1:
            raise ValueError("a mutation has one of set, delete, add, record, remove, case")
        return self

    def __str__(self) -> str:
        if name := self.set or self.case:
            return f"{name} = {self.to!r}"
        if added := self.add or self.record:
            return f"with {added.type} {added.name}"
        return f"without {self.delete or self.remove}"


class Fixture(Spec):
    """Everything one rule is shown by."""

    rule: str
    good: Annotated[tuple[Case, ...], Field(min_length=1)]
    bad: Annotated[tuple[Case, ...], Field(min_length=1)]
    empty: Empty
    mutations: Annotated[tuple[Mutation, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _reasons(self) -> Fixture:
        if lacking := [case.case for case in self.bad if not case.says]:
            raise ValueError(f"bad cases that don't say what the message says: {', '.join(lacking)}")
        return self


@cache
def load(rule: str, folder: Path = FOLDER) -> Fixture:
    """The fixture of a rule, read once a process: trials, pages and checks of the pack ask for it again.

    Raises:
        InvalidInputError: There is none, or it is no fixture; every problem with its line.
    """
    path = folder / f"{rule}.yaml"
    shown = f"policies/fixtures/{path.name}"
    if not path.is_file():
        raise InvalidInputError.one("there is no such file", file=shown, fix="a rule needs its fixtures")
    fixture = validate_yaml(Fixture, YamlFile.load(path, shown=shown))
    if fixture.rule != rule:
        raise InvalidInputError.one(f"is about {fixture.rule}", file=shown, field="rule", fix=f"write {rule}")
    return fixture


def stack(case: Case) -> Stack:
    """The stack that a case describes."""
    urns = {resource.name: _urn(resource) for resource in case.resources}
    subjects = tuple(
        Subject(
            urn=_urn(resource),
            type=resource.type,
            name=resource.name,
            values=_real(resource.props, urns),
            settings=_real(resource.options, urns),
            parent=urns.get(resource.parent or ""),
            origin=case.origin,
            place=Place("fixture.py", index + 1),
            results=_real(resource.outputs, urns),
            provider_values=_real(resource.provider, urns),
            custom=not resource.component,
        )
        for index, resource in enumerate(case.resources)
    )
    return Stack(subjects, "fixture", "herd", case.origin)


def plan(case: Case) -> Plan:
    """The plan that a case describes."""
    staging = None if case.staging is None else frozenset(_operation(one).shape for one in case.staging)
    operations = tuple(map(_operation, case.operations))
    return Plan(operations, "fixture", "herd", staging, case.silent_critical)


def _operation(recorded: Recorded) -> Operation:
    urn = _urn(recorded)

    def subject(values: Any, settings: Any) -> Subject | None:
        if values is None:
            return None
        place = Place("fixture.py", 1)
        return Subject(
            urn,
            recorded.type,
            recorded.name,
            _real(values, {}),
            _real(settings, {}),
            origin=Origin.PREVIEW,
            place=place,
        )

    old, new = subject(recorded.old, recorded.was), subject(recorded.new, recorded.options)
    return Operation(recorded.op, urn, recorded.type, old, new, recorded.keys, recorded.changed)


def _urn(resource: Resource | Recorded) -> str:
    return f"urn:pulumi:fixture::herd::{resource.type}::{resource.name}"


def _real(value: Any, urns: Mapping[str, str]) -> Any:
    """A value with hidden ones and references in their places."""
    if isinstance(value, Mapping):
        return {key: _real(item, urns) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_real(item, urns) for item in value]
    if not isinstance(value, str):
        return value
    if value in _HIDDEN:
        return _HIDDEN[value]
    # Inside a longer text a symbol stays text, as in a render.
    if match := _SYMBOL.fullmatch(value):
        owner, _, path = match[1].rpartition(".") if match[1].startswith("invoke:") else match[1].partition(".")
        if owner in urns or owner.startswith("invoke:"):
            return Reference(value, urns.get(owner, owner), path)
    return value
