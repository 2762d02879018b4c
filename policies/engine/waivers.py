"""Waivers: findings that people decided to live with for a while, as data, each with an end."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, StringConstraints, model_validator

from components.base.problems import InvalidInputError, Problem
from components.base.spec import Spec
from components.base.validation import closest, validate_yaml
from components.base.yaml_file import YamlFile
from policies.engine.evaluate import Finding
from policies.engine.rule import Rule, Severity

DAYS: Final = 90
DAYS_CRITICAL: Final = 30
FILE: Final = "policies/waivers.yaml"
WHOLE_STACK: Final = "stack"
"""What a waiver names for a finding about the stack as a whole."""

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def _day(value: Any) -> Any:
    """A day, and no time or number: pydantic would take 86400 for the second of January 1970."""
    written = isinstance(value, str) and _DAY.fullmatch(value)
    if written or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise ValueError(f"should be a day such as 2026-05-04, found {str(value)[:40]!r}")


def _person(name: str) -> str:
    """Who is named, however it is spelled: no case, width, punctuation or signs that nobody sees, no mail domain."""
    said = unicodedata.normalize("NFKC", name).casefold().strip().lstrip("@")
    return "".join(letter for letter in said.partition("@")[0] if letter.isalnum())


def _somebody(name: str) -> str:
    if not _person(name):
        raise ValueError("names nobody")
    return name


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Day = Annotated[date, BeforeValidator(_day)]
Person = Annotated[Text, AfterValidator(_somebody)]
# urn:pulumi:STACK::PROJECT::TYPES::NAME: a whole name, or one with wildcards that leave three letters in a row.
_PATTERN: Final = re.compile(r"urn:pulumi:[^*?:]+::[^*?:]+::[^*?]+::(?:[^*?\n]+|(?=.*[^*?]{3}).+)")
_PLACE: Final = re.compile(r"waivers\[(\d+)\]\.(\w+)")


class Waiver(Spec):
    """One decision.

    Attributes:
        rule: Id of the rule.
        urn: URN of the resource; `*` only within its name. `stack` for a finding about the stack as a whole.
        stack: The stack it is for.
        reason: Why it is right for now, for the people who read it in the report.
        owner: Who ends it.
        author: Who asked for it.
        approver: Who agreed; somebody else. Who really approved is the pull request's review (CODEOWNERS).
        created: The day it was agreed.
        expires: The last day it holds, 90 days after `created` at most, 30 for a critical rule.
        plan: For a plan rule, and for none other: the hash of the one plan that it allows.
    """

    rule: Text
    urn: Text
    stack: Text
    reason: Annotated[Text, StringConstraints(min_length=10)]
    owner: Person
    author: Person
    approver: Person
    created: Day
    expires: Day
    plan: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")] | None = None

    @model_validator(mode="after")
    def _two_people(self) -> Waiver:
        if _person(self.author) == _person(self.approver):
            raise ValueError("author and approver are the same: somebody else has to agree")
        if self.expires < self.created:
            raise ValueError("expires before it was created")
        return self

    def takes(self, finding: Finding) -> bool:
        """Whether it is about a finding."""
        if self.rule != finding.rule:
            return False
        if not finding.resource or self.urn == WHOLE_STACK:
            return not finding.resource and self.urn == WHOLE_STACK
        # `*` and `?` are wildcards; a bracket is a letter of a name such as `node[0]`.
        return fnmatchcase(finding.resource, self.urn.replace("[", "[[]"))


class Waivers(Spec):
    """The file."""

    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True)
class Waived:
    """A finding that a waiver takes."""

    finding: Finding
    waiver: Waiver


@dataclass(frozen=True)
class Applied:
    """What waivers did.

    Attributes:
        left: Findings that stay.
        waived: Findings that were taken.
        problems: What is wrong with the waivers: each fails the run.
    """

    left: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    problems: tuple[Problem, ...]


def load(root: Path, rules: Sequence[Rule]) -> tuple[Waiver, ...]:
    """The waivers of a checkout; none if it has no such file.

    Raises:
        InvalidInputError: The file is malformed, a rule is unknown, a pattern is too broad, a term too long, an
            exception stands twice.
    """
    path = root / FILE
    if not path.is_file():
        if os.path.lexists(path):
            raise InvalidInputError.one("isn't a file, nor a link to one", file=FILE, fix="put it right, or delete it")
        return ()
    file = YamlFile.load(path, shown=FILE)
    waivers = validate_yaml(Waivers, file).waivers
    problems = [
        Problem(FILE, file.line(("waivers", index, field)), f"waivers[{index}].{field}", message, fix)
        for index, waiver in enumerate(waivers)
        for field, message, fix in (*_wrong(waiver, rules), *_twice(waiver, waivers[:index]))
    ]
    if problems:
        raise InvalidInputError(problems)
    return waivers


def _wrong(waiver: Waiver, rules: Sequence[Rule]) -> Iterable[tuple[str, str, str]]:
    known = {rule.id: rule for rule in rules}
    rule = known.get(waiver.rule)
    if rule is None:
        ids = {name.casefold(): one.id for one in rules for name in one.names}
        meant = ids.get(waiver.rule.casefold())
        fix = f"write {meant}" if meant else closest(waiver.rule.upper(), list(known))
        yield "rule", f"there is no rule {waiver.rule[:100]!r}", fix
    if waiver.urn != WHOLE_STACK and not _PATTERN.fullmatch(waiver.urn):
        yield "urn", "is too broad: a waiver names one type and (part of) a name", "copy the URN from the report"
    if rule is not None and rule.pack == "plan" and waiver.plan is None:
        yield "plan", "names no plan: a plan rule is waived for one plan alone", "copy the hash from the report"
    if rule is not None and rule.pack != "plan" and waiver.plan is not None:
        yield "plan", "names a plan, and the rule isn't about plans", "remove it"
    days = DAYS_CRITICAL if rule is not None and rule.worst is Severity.CRITICAL else DAYS
    if (waiver.expires - waiver.created).days > days:
        yield "expires", f"is more than {days} days after created", "a shorter term; renew it by a new agreement"


def _twice(waiver: Waiver, before: Sequence[Waiver]) -> Iterator[tuple[str, str, str]]:
    """One that repeats another would take nothing, and never be told."""
    same = (waiver.rule, waiver.urn, waiver.stack, waiver.plan)
    for index, one in enumerate(before):
        if (one.rule, one.urn, one.stack, one.plan) == same:
            yield "urn", f"says once more what waivers[{index}] says", "keep one; change its dates to renew it"
            return


def apply(
    waivers: Sequence[Waiver],
    findings: Sequence[Finding],
    *,
    today: date,
    stack: str,
    plan: str | None = None,
    asked: Container[str] | None = None,
) -> Applied:
    """Take what waivers take. One that is expired, not yet agreed or unused is a problem, and takes nothing.

    Args:
        waivers: Every waiver of the file, in its order; those for other stacks are passed over.
        findings: What was found.
        today: The day that counts.
        stack: The stack that was judged.
        plan: The hash of the plan that was judged; None if resources were.
        asked: The rules that were asked; None for all. Waivers of others are passed over.
    """
    mine = [
        (index, waiver)
        for index, waiver in enumerate(waivers)
        if waiver.stack == stack and (waiver.plan is None) == (plan is None) and (asked is None or waiver.rule in asked)
    ]
    problems: list[Problem] = []
    valid: list[tuple[int, Waiver]] = []
    for index, waiver in mine:
        if waiver.expires < today:
            problems.append(
                _problem(index, "expires", f"expired on {waiver.expires}", "fix the finding, or agree anew")
            )
        elif waiver.created > today:
            problems.append(_problem(index, "created", f"is in the future: {waiver.created}", "write today's date"))
        elif waiver.plan != plan:
            problems.append(_problem(index, "plan", f"allows {waiver.plan}; this plan is {plan}", "agree anew, or go"))
        else:
            valid.append((index, waiver))
    used: set[int] = set()
    left: list[Finding] = []
    waived: list[Waived] = []
    for finding in findings:
        takers = [(index, waiver) for index, waiver in valid if waiver.takes(finding)]
        if takers:
            used.update(index for index, _ in takers)
            waived.append(Waived(finding, takers[0][1]))
        else:
            left.append(finding)
    problems += [
        _problem(index, "urn", f"takes nothing: {waiver.rule} finds nothing there", "delete the waiver")
        for index, waiver in valid
        if index not in used
    ]
    return Applied(tuple(left), tuple(waived), tuple(problems))


def _problem(index: int, field: str, message: str, fix: str) -> Problem:
    return Problem(FILE, 0, f"waivers[{index}].{field}", message, fix)


def placed(root: Path, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems with a checkout's waivers, with their lines.

    Raises:
        InvalidInputError: The file can't be read any more.
    """
    file = YamlFile.load(root / FILE, shown=FILE)
    found = ((problem, _PLACE.fullmatch(problem.field)) for problem in problems)
    return tuple(
        replace(problem, line=file.line(("waivers", int(place[1]), place[2]))) if place else problem
        for problem, place in found
    )
