"""Every rule, one file each, in the folder of its pack."""

from __future__ import annotations

import importlib
import pkgutil
import traceback
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from components.base.problems import InvalidInputError, Problem
from policies.engine.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule about resources, by id; `plan_rules` are apart, for they judge something else.

    Raises:
        InvalidInputError: A rule can't be loaded, or two have the same id; all of them at once.
    """
    packs = (pack.name for pack in pkgutil.iter_modules(__path__) if pack.ispkg)
    return _sorted(module for pack in packs if pack != "plan" and not pack.startswith("_") for module in _modules(pack))


@cache
def plan_rules() -> tuple[Rule, ...]:
    """Every rule about what a run would do, by number.

    Raises:
        InvalidInputError: A rule can't be loaded, or two have the same id; all of them at once.
    """
    return _sorted(_modules("plan"))


def _modules(pack: str) -> Iterator[str]:
    """The modules of a pack's rules. One whose name doesn't start with `_` has exactly one, named `RULE`."""
    modules = pkgutil.iter_modules([str(Path(folder) / pack) for folder in __path__])
    return (f"{pack}.{module.name}" for module in modules if not module.name.startswith("_"))


def _sorted(modules: Iterable[str]) -> tuple[Rule, ...]:
    found: list[Rule] = []
    taken: dict[str, str] = {}
    problems: list[Problem] = []
    for module in modules:
        try:
            rule: Rule = importlib.import_module(f"{__name__}.{module}").RULE
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a law that isn't whole judges nothing, whatever broke it
            problems.append(_broken(module, error))
            continue
        # One of two with the same key would be asked, and the other never.
        for key in (rule.id, rule.name):
            if key in taken:
                problems.append(Problem(_file(module), 0, "", f"{key} is the rule of {_file(taken[key])}", "another"))
            taken[key] = module
        found.append(rule)
    if problems:
        raise InvalidInputError(problems)
    return tuple(sorted(found, key=lambda rule: rule.id))


def _broken(module: str, error: BaseException) -> Problem:
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(_file(module))
    ]
    line = error.lineno if isinstance(error, SyntaxError) else next(iter(lines), None)
    return Problem(_file(module), line or 0, "", f"the rule can't be loaded: {type(error).__name__}: {error}")


def _file(module: str) -> str:
    return f"policies/rules/{module.replace('.', '/')}.py"
