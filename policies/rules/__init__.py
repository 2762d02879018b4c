"""Every rule, one file each, in the folder of its pack."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from policies.engine.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule about resources, by id; `plan_rules` are apart, for they judge something else."""
    packs = (pack.name for pack in pkgutil.iter_modules(__path__) if pack.ispkg)
    rules = (rule for pack in packs if pack != "plan" and not pack.startswith("_") for rule in _of(pack))
    return tuple(sorted(rules, key=lambda rule: rule.id))


@cache
def plan_rules() -> tuple[Rule, ...]:
    """Every rule about what a run would do, by number."""
    return tuple(sorted(_of("plan"), key=lambda rule: rule.id))


def _of(pack: str) -> tuple[Rule, ...]:
    """A pack's rules. A module whose name doesn't start with `_` has exactly one, named `RULE`."""
    modules = pkgutil.iter_modules(importlib.import_module(f"{__name__}.{pack}").__path__)
    return tuple(
        importlib.import_module(f"{__name__}.{pack}.{module.name}").RULE
        for module in modules
        if not module.name.startswith("_")
    )
