"""A plan as the law sees it: operations on resources, from a preview of either engine, and what plan rules judge."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

from policies.engine.evaluate import Evaluation, Results
from policies.engine.facts import Facts
from policies.engine.rule import ANY_TYPE, Rule, Violation
from policies.engine.subject import Origin, Subject

DELETES: Final = frozenset({"delete", "replace"})
IDLE: Final = frozenset(
    {"read", "refresh", "discard"}
    | {"read-replacement", "import-replacement", "discard-replaced", "remove-pending-replace"}
)
"""Operations that do nothing to what exists: they look at it, or tell what the state knows of it."""
# A generation's key and a slice's number differ from stack to stack; what they belong to doesn't.
_KEY: Final = re.compile(r"\bg\d+-[0-9a-f]{8}(-\d+)?\b")
# What else differs from stack to stack: accounts and regions, zones included.
_PLACES: Final = (
    (re.compile(r"(?<!\d)\d{12}(?!\d)"), "ACCOUNT"),
    (
        re.compile(r"\b(us|eu|ap|sa|ca|me|af|il|mx)(-(gov|iso[a-z]?))?-(north|south|east|west|central)+-\d(?!\d)"),
        "REGION",
    ),
)

Shape = tuple[str, str, str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Operation:
    """What happens to one resource.

    Attributes:
        op: create, update, delete, replace, same, read, refresh, import, discard …
        urn: The resource.
        type: Its type.
        old: As it is; None if it is new.
        new: As it will be; None if it goes.
        keys: Properties that force a replacement.
        changed: Paths of the properties that change.
    """

    op: str
    urn: str
    type: str
    old: Subject | None = None
    new: Subject | None = None
    keys: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rsplit("::", 1)[-1]

    @property
    def subject(self) -> Subject:
        """The resource as it will be, or as it was if it goes."""
        return self.new or self.old or Subject(self.urn, self.type, self.name, origin=Origin.PREVIEW)

    @property
    def deletes(self) -> bool:
        """Whether what exists goes."""
        return self.op in DELETES

    @property
    def retained(self) -> bool:
        """Whether what is deleted only leaves the state: AWS keeps it (`retainOnDelete`)."""
        return self.old is not None and bool(self.old.options.flag("retainOnDelete", default=False))

    @property
    def shape(self) -> Shape:
        """What is done, the same in each stack: op, type, name without keys of generations, what changes at the top."""
        tops = sorted({re.split(r"[.\[]", path, maxsplit=1)[0] for path in self.changed})
        return self.op, self.type, _KEY.sub("gN", self.name), tuple(tops)

    @property
    def shapes(self) -> frozenset[Shape]:
        """The shape, and that without the stack's own name, account and region in the resource's name.

        Both count: `load-test` is a name in every stack, and not test's own `load`.
        """
        op, kind, name, tops = self.shape
        stack = self.urn.removeprefix("urn:pulumi:").partition("::")[0]
        general = re.sub(rf"(?<![A-Za-z0-9]){re.escape(stack)}(?![A-Za-z0-9])", "STACK", name) if stack else name
        for pattern, word in _PLACES:
            general = pattern.sub(word, general)
        return frozenset({(op, kind, name, tops), (op, kind, general, tops)})


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything a run would do.

    Attributes:
        operations: One a resource, `same` ones too.
        stack: The stack's name.
        project: The project's name.
        staging: The shapes of what staging's last verified plan did, where it is at hand.
        silent_critical: Critical rules that couldn't say, as `RULE on URN: why`; None if the law was not asked.
    """

    operations: tuple[Operation, ...]
    stack: str = ""
    project: str = ""
    staging: frozenset[Shape] | None = None
    silent_critical: tuple[str, ...] | None = None

    @cached_property
    def by_urn(self) -> dict[str, Operation]:
        """URN -> operation."""
        return {operation.urn: operation for operation in self.operations}

    @cached_property
    def changes(self) -> tuple[Operation, ...]:
        """Operations that do something."""
        return tuple(o for o in self.operations if o.op in ("create", "update", "delete", "replace", "import"))

    @cached_property
    def _by_type(self) -> dict[str, list[Operation]]:
        found: dict[str, list[Operation]] = {}
        for operation in self.operations:
            found.setdefault(operation.subject.type, []).append(operation)
        return found

    def of_type(self, *types: str) -> tuple[Operation, ...]:
        """Operations on these types."""
        return tuple(operation for kind in dict.fromkeys(types) for operation in self._by_type.get(kind, ()))

    @cached_property
    def hash(self) -> str:
        """12 hex digits over what is done to which resource and why: what an agreement is about.

        Values are left out: they hold unknowns and times, and a review reads them in the diff.
        """
        done = sorted((o.op, o.urn, sorted(o.keys), sorted(o.changed)) for o in self.changes)
        return hashlib.sha256(json.dumps(done, separators=(",", ":")).encode()).hexdigest()[:12]


@dataclass(frozen=True, kw_only=True)
class PlanRule(Rule):
    """Judges one operation, which Pulumi's policy protocol doesn't show, with the plan it is part of."""

    check: Callable[[Operation, Plan, Facts], Iterable[Violation]]


@dataclass(frozen=True, kw_only=True)
class WholePlanRule(Rule):
    """Judges a plan as a whole."""

    check: Callable[[Plan, Facts], Iterable[Violation]]


def evaluate_plan(plan: Plan, rules: Sequence[Rule], facts: Facts) -> Results:
    """Judge a plan by every plan rule that holds in the environment; rules of other kinds are passed over."""
    run = Evaluation(facts)
    for rule in rules:
        if not rule.holds_in(facts.environment):
            continue
        if isinstance(rule, WholePlanRule):
            run.asked[rule.id] = 0
            run.ask(rule, partial(rule.check, plan, facts), None)
        elif isinstance(rule, PlanRule):
            run.asked[rule.id] = 0
            for operation in plan.operations:
                if operation.op not in IDLE and (ANY_TYPE in rule.types or operation.subject.type in rule.types):
                    run.ask(rule, partial(rule.check, operation, plan, facts), operation.subject)
    return run.results()
