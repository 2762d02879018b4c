"""Which rules are asked: all of them, or those of some packs and some by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from components.base.problems import InvalidInputError, Problem
from components.base.validation import closest
from policies.engine.rule import Pack, Rule
from policies.rules import all_rules, plan_rules


def select(packs: Sequence[str] = (), names: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules of any of these packs, and those with any of these ids, names or former names; all if none is named.

    Raises:
        InvalidInputError: A pack or a rule is unknown; all of them at once.
    """
    rules = all_rules()
    known = [pack for pack in get_args(Pack) if pack != "plan"]
    by_name = {name.casefold(): rule for rule in rules for name in rule.names}
    of_plans = {name.casefold() for rule in plan_rules() for name in rule.names}
    problems = [
        Problem("", 0, "--pack", f"there is no pack {pack!r}", closest(pack, known))
        for pack in packs
        if pack not in known
    ]
    for name in names:
        if name.casefold() in of_plans:
            problems.append(Problem("", 0, "--rule", f"{name} is about plans, not about resources"))
        elif name.casefold() not in by_name:
            ids = [spelled for rule in rules for spelled in (rule.id, rule.name)]
            problems.append(Problem("", 0, "--rule", f"there is no rule {name!r}", _near(name, ids)))
    if problems:
        raise InvalidInputError(problems)
    if not packs and not names:
        return rules
    named = {by_name[name.casefold()].id for name in names}
    return tuple(rule for rule in rules if rule.pack in packs or rule.id in named)


def _near(name: str, known: Sequence[str]) -> str:
    near = closest(name.upper() if name.upper().startswith("HERD") else name, known)
    return near if near.startswith("did you mean") else "herd policy list shows them"
