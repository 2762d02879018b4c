"""A rule: what it says, where it holds, and the pure function that judges."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from components.base.context import Environment
from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.subject import Stack, Subject

Pack = Literal["immutable", "cattle", "hpc", "security", "data", "supply_chain", "cost", "plan"]


class Severity(StrEnum):
    """How bad it is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Severity).index(self)


class Enforcement(StrEnum):
    """What a finding does: an advisory one is shown, a mandatory one stops."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"


def enforcement(severity: Severity, environment: Environment) -> Enforcement:
    """Critical rules stop everywhere; the others advise in dev and stop in test and prod."""
    if severity is Severity.CRITICAL or environment is not Environment.DEV:
        return Enforcement.MANDATORY
    return Enforcement.ADVISORY


Severities = Mapping[Environment, Severity]


def everywhere(severity: Severity) -> Severities:
    """The same severity in each environment."""
    return dict.fromkeys(Environment, severity)


def only_in(*environments: Environment, severity: Severity) -> Severities:
    """A severity in some environments; in the others the rule doesn't hold at all."""
    return dict.fromkeys(environments, severity)


@dataclass(frozen=True)
class Violation:
    """What a rule found.

    Attributes:
        at: The place, which knows its resource: `resource.props` for the resource as a whole.
        message: What is wrong, in one sentence that names the value.
        fix: What to do about it, where the rule's own fix isn't right.
    """

    at: Node
    message: str
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What each rule has; build a `ResourceRule`, `GraphRule` or `StackRule`.

    Attributes:
        id: Stable id, such as `HERD-014`; never given to another rule.
        name: Its name in one word with dashes, such as `launch-template-version-pinned`.
        pack: The pack it belongs to, which is its folder.
        title: The law in one line.
        severity: Severity by environment; an environment that is missing isn't under the rule.
        types: Canonical types it judges, or patterns of them (`awscc:*`); `*` alone for every resource.
        properties: The properties it polices, as people write them.
        why: What goes wrong without it.
        fix: What to do.
        mappings: Ids of other libraries by library: checkov, trivy, cis, fsbp, prowler, kyverno, config …
        since: Version of the pack that brought it.
        aliases: Names the rule had.
        looser_upward: Why the rule ends on the way to prod, for the few that do (such as scale to zero outside prod).
    """

    id: str
    name: str
    pack: Pack
    title: str
    severity: Severities
    types: tuple[str, ...]
    properties: tuple[str, ...]
    why: str
    fix: str
    mappings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    since: str = "0.1"
    aliases: tuple[str, ...] = ()
    looser_upward: str = ""
    check: Callable[..., Iterable[Violation]]

    @property
    def names(self) -> tuple[str, ...]:
        """What people may call it: its id, its name, and the names it had."""
        return self.id, self.name, *self.aliases

    def holds_in(self, environment: Environment) -> bool:
        """Whether the environment is under the rule."""
        return environment in self.severity

    @property
    def file(self) -> Path:
        """The file the rule is written in."""
        return Path(inspect.getfile(self.check))

    @property
    def alone(self) -> Callable[[Subject, Facts], Iterable[Violation]] | None:
        """What can be asked of a resource by itself, before it is made; None for a rule that has to know more."""
        return None

    @property
    def worst(self) -> Severity:
        """Its highest severity in any environment."""
        return min(self.severity.values(), key=lambda severity: severity.rank)


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """Judges one resource by itself: Pulumi asks it before each create."""

    check: Callable[[Subject, Facts], Iterable[Violation]]

    @property
    def alone(self) -> Callable[[Subject, Facts], Iterable[Violation]]:
        """All of it."""
        return self.check


@dataclass(frozen=True, kw_only=True)
class GraphRule(Rule):
    """Judges one resource with what it refers to: Pulumi asks it when the whole stack is known.

    Attributes:
        early: What it can tell of a resource alone, and nothing else in the stack can excuse. Pulumi asks that before
            each create; a critical rule needs it, for in `up` the whole stack is known when everything is made.
    """

    check: Callable[[Subject, Stack, Facts], Iterable[Violation]]
    early: Callable[[Subject, Facts], Iterable[Violation]] | None = None

    @property
    def alone(self) -> Callable[[Subject, Facts], Iterable[Violation]] | None:
        """What it can tell early, if anything."""
        return self.early


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """Judges the stack as a whole: what must exist, what may exist once. `types` says what it is about.

    A stack without any of the types isn't under the rule; `types=("*",)` means any stack.
    """

    check: Callable[[Stack, Facts], Iterable[Violation]]


ANY_TYPE: Final = "*"


def is_about(rule: Rule, kind: str) -> bool:
    """Whether a rule is about a type: it names the type, or a pattern that the type fits."""
    return kind in rule.types or any(fnmatchcase(kind, pattern) for pattern in _patterns(rule.types))


def applies(rule: Rule, subject: Subject) -> bool:
    """Whether a rule is about a subject's type."""
    return is_about(rule, subject.type)


class ByType:
    """The rules about each type, looked for once a type.

    Args:
        rules: The rules, in the order they are asked.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._found: dict[str, tuple[Rule, ...]] = {}

    def __getitem__(self, kind: str) -> tuple[Rule, ...]:
        """The rules about a type; none for a type that no rule is about."""
        if kind not in self._found:
            self._found[kind] = tuple(rule for rule in self._rules if is_about(rule, kind))
        return self._found[kind]


@lru_cache(maxsize=1024)
def _patterns(types: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in types if "*" in name)
