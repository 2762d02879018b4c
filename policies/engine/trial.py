"""A rule on trial: run its fixtures and mutations, and say what it got wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, TypeVar

from components.base.context import Environment
from policies.engine.evaluate import Results, evaluate
from policies.engine.facts import Facts
from policies.engine.fixtures import Case, Fixture, Mutation, Recorded, Resource, plan, stack
from policies.engine.plan import PlanRule, WholePlanRule, evaluate_plan
from policies.engine.rule import Rule, Severity
from policies.engine.schema import exists, unknown
from policies.engine.waivers import Waiver, apply

_FIELDS: Final = frozenset({*Resource.model_fields, *Recorded.model_fields, "self"})
ResourceT = TypeVar("ResourceT", Resource, Recorded)


@dataclass(frozen=True)
class Trial:
    """One thing tried.

    Attributes:
        kind: real, good, bad, empty, unknown, waived or mutation.
        case: What was tried.
        problem: What the rule got wrong; empty if nothing.
    """

    kind: str
    case: str
    problem: str = ""


def try_rule(rule: Rule, fixture: Fixture) -> Iterator[Trial]:
    """Everything that a rule's fixture asks of it."""
    for case in (*fixture.good, *fixture.bad, fixture.empty):
        yield Trial("real", case.case, _invented(case))
    for case in fixture.good:
        yield Trial("good", case.case, _expect("passed", _run(rule, case), case))
        yield from _mutated(rule, fixture, case)
    for case in fixture.bad:
        yield Trial("bad", case.case, _expect("found", _run(rule, case), case))
        yield Trial("waived", case.case, _waived(rule, case))
    yield Trial("empty", fixture.empty.expect, _expect(fixture.empty.expect, _run(rule, fixture.empty), fixture.empty))


def _mutated(rule: Rule, fixture: Fixture, case: Case) -> Iterator[Trial]:
    mine = [mutation for mutation in fixture.mutations if not mutation.cases or case.case in mutation.cases]
    if case.exempt:
        return
    if not mine:
        yield Trial("mutation", case.case, "no mutation changes this good case, and it doesn't say why (exempt)")
    for mutation in mine:
        name = f"{case.case}: {mutation}"
        try:
            changed = mutate(case, mutation)
        except LookupError as error:
            yield Trial("mutation", name, f"can't be applied: {error}")
            continue
        results = _run(rule, changed)
        problem = _invented(changed) if results.findings else f"nothing found, {_told(results)}"
        yield Trial("mutation", name, problem)
        if (path := mutation.set or mutation.delete) and not mutation.unknown:
            hidden = Mutation(set=path, to="${unknown}", of=mutation.of)
            silent = _run(rule, mutate(case, hidden))
            told = "" if silent.not_evaluated else f"unknown, and not reported as such: {_told(silent)}"
            yield Trial("unknown", f"{case.case}: {path}", told)


def mutate(case: Case, mutation: Mutation) -> Case:
    """A case after a mutation.

    Raises:
        LookupError: The case lacks what the mutation changes.
    """
    if mutation.case:
        return case.model_copy(update={mutation.case: mutation.to})
    if case.operations:
        return case.model_copy(update={"operations": _operations(case.operations, mutation)})
    resources = list(case.resources)
    if mutation.add:
        return case.model_copy(update={"resources": (*resources, mutation.add)})
    if mutation.remove:
        kept = tuple(resource for resource in resources if resource.name != mutation.remove)
        if len(kept) == len(resources):
            raise LookupError(f"no resource {mutation.remove}")
        return case.model_copy(update={"resources": kept})
    index = next((i for i, r in enumerate(resources) if mutation.of in (None, r.name)), None)
    if index is None:
        raise LookupError(f"no resource {mutation.of}")
    resources[index] = _changed(resources[index], mutation)
    return case.model_copy(update={"resources": tuple(resources)})


def _operations(operations: tuple[Recorded, ...], mutation: Mutation) -> tuple[Recorded, ...]:
    if mutation.record:
        return (*operations, mutation.record)
    if mutation.remove:
        return tuple(operation for operation in operations if operation.name != mutation.remove)
    index = next((i for i, o in enumerate(operations) if mutation.of in (None, o.name)), None)
    if index is None:
        raise LookupError(f"no operation {mutation.of}")
    return (*operations[:index], _changed(operations[index], mutation), *operations[index + 1 :])


def _changed(resource: ResourceT, mutation: Mutation) -> ResourceT:
    target = mutation.set or mutation.delete
    # A key may hold a colon (iam:PassRole) as well: only the names of fields count.
    before, colon, after = target.partition(":")
    named = bool(colon) and before in _FIELDS
    field: str = before if named else "props"
    path: str = after if named else target
    if field == "self":
        return resource.model_copy(update={path: mutation.to})
    data = {"": deepcopy(dict(getattr(resource, field) or {}))}
    keys: tuple[str | int, ...] = ("", *parse_path(path))
    above, last = keys[:-1], keys[-1]
    at: Any = data
    for key in above:
        if isinstance(at, dict) and key not in at and mutation.set:
            at[key] = {}
        at = at[key]
    if mutation.set:
        at[last] = mutation.to
    else:
        del at[last]
    return resource.model_copy(update={field: data[""]})


def parse_path(path: str) -> tuple[str | int, ...]:
    """The keys of a path such as ``a.b[0]["c.d/e"]``."""
    found = re.findall(r'\["([^"]+)"\]|\[(\d+)\]|([^.\[\]]+)', path)
    return tuple(quoted or (int(index) if index else name) for quoted, index, name in found)


def facts_of(rule: Rule, case: Case) -> Facts:
    """What the rule knows in a case; the environment is the strictest that is under it, unless the case names one."""
    facts = dict(case.facts)
    if "environment" in facts:
        facts["environment"] = Environment(facts["environment"])
    else:
        facts["environment"] = next(e for e in reversed(Environment) if rule.holds_in(e))
    if facts.get("images") is not None:
        facts["images"] = frozenset(facts["images"])
    return Facts(**facts)


def _run(rule: Rule, case: Case) -> Results:
    facts = facts_of(rule, case)
    if isinstance(rule, (PlanRule, WholePlanRule)):
        return evaluate_plan(plan(case), (rule,), facts)
    return evaluate(stack(case), (rule,), facts)


def _invented(case: Case) -> str:
    """What no cloud has, and so no rule judges: misspelt types and properties."""
    shown: list[tuple[str, Any]] = [(one.type, one.props) for one in case.resources if not one.component]
    for operation in (*case.operations, *(case.staging or ())):
        shown += [(operation.type, operation.old), (operation.type, operation.new)]
    found = [f"there is no type {type_}" for type_, _ in shown if not exists(type_)]
    found += [f"{type_} has no property {path}" for type_, values in shown for path in unknown(type_, values)]
    return "; ".join(dict.fromkeys(found))


def _expect(expected: str, results: Results, case: Case) -> str:
    if expected == "passed":
        return "" if not results.findings and not results.not_evaluated else _told(results)
    if expected == "not evaluated":
        return "" if results.not_evaluated and not results.findings else _told(results)
    for finding in results.findings:
        if re.search(case.says, finding.message) and case.property in ("", finding.property):
            return ""
    return f"expected {case.property or 'a finding'}: /{case.says}/; {_told(results)}"


def _waived(rule: Rule, case: Case) -> str:
    today = date(2026, 1, 1)
    hash_ = plan(case).hash if isinstance(rule, (PlanRule, WholePlanRule)) else None
    results = _run(rule, case)
    waivers = tuple(
        Waiver(
            rule=rule.id,
            urn=urn or "stack",
            stack="fixture",
            plan=hash_,
            reason="a fixture shows what a waiver does",
            owner="platform",
            author="ada",
            approver="grace",
            created=today,
            expires=today + timedelta(days=30 if rule.worst is Severity.CRITICAL else 90),
        )
        for urn in sorted({finding.resource for finding in results.findings})
    )
    applied = apply(waivers, results.findings, today=today, stack="fixture", plan=hash_)
    if applied.left or applied.problems or len(applied.waived) != len(results.findings):
        return f"a waiver doesn't take it: {applied.left or applied.problems}"
    return ""


def _told(results: Results) -> str:
    found = [f"{f.property}: {f.message}" for f in results.findings]
    silent = [f"not evaluated: {n.property}: {n.message}" for n in results.not_evaluated]
    return "; ".join([*found, *silent]) or f"passed ({results.passed})"
