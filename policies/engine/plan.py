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
from policies.engine.rule import Rule, Violation, applies
from policies.engine.subject import Origin, Subject

_DOES: Final = ("create", "update", "delete", "replace", "import")
DELETES: Final = frozenset({"delete", "replace"})
IDLE: Final = frozenset(
    {"read", "refresh", "discard"}
    | {"read-replacement", "import-replacement", "discard-replaced", "remove-pending-replace"}
)
"""Operations that do nothing to what exists: they look at it, or tell what the state knows of it."""
# A generation's key and a slice's number differ from stack to stack; what they belong to doesn't.
_KEY: Final = re.compile(r"\bg\d+-[0-9a-f]{8}(-\d+)?\b")
# The end of a name that Pulumi makes up.
_MADE_UP: Final = re.compile(r"-[0-9a-f]{7}(?![0-9A-Za-z])")
# Inputs that say who made something and when, or how it is called.
_ASIDE: Final = frozenset({"__defaults", "tags", "tagsAll", "metadata"})
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
    def lifted(self) -> tuple[str, ...]:
        """Protections that go, with a change or without one."""
        if self.old is None or self.new is None:
            return ()
        old, new = self.old.settings, self.new.settings
        return tuple(name for name in ("protect", "retainOnDelete") if old.get(name) and not new.get(name))

    @property
    def agreed(self) -> tuple[object, ...]:
        """What an agreement to it is about."""
        inputs = {} if self.new is None or self.op == "same" else self.new.values
        made_up = inputs.get("__defaults")
        aside = _ASIDE.union(made_up if isinstance(made_up, list) else ())
        values = {key: value for key, value in inputs.items() if key not in aside}
        return self.op, self.urn, sorted(self.keys), sorted(self.changed), self.lifted, values

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
        return tuple(o for o in self.operations if o.op in _DOES)

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
        """12 hex digits over what is done to which resource, why, and what it becomes: what an agreement is about.

        With the values, since who agreed to a port for one network has agreed to no other. Without those that another
        preview of the same change draws anew, or that every commit changes: names made up, tags, secrets.
        """
        done = [o.agreed for o in self.operations if o.op in _DOES or o.lifted]
        text = "\n".join(sorted(json.dumps(one, sort_keys=True, default=repr) for one in done))
        return hashlib.sha256(_MADE_UP.sub("", text).encode()).hexdigest()[:12]


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
    asked = [r for r in rules if isinstance(r, PlanRule | WholePlanRule) and r.holds_in(facts.environment)]
    for rule in asked:
        if isinstance(rule, WholePlanRule):
            run.ask(rule, partial(rule.check, plan, facts), None)
            continue
        for operation in plan.operations:
            if operation.op not in IDLE and applies(rule, operation.subject):
                run.ask(rule, partial(rule.check, operation, plan, facts), operation.subject)
    return run.results(asked)
