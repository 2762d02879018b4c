"""Every rule, one file each, in the folder of its pack."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from policies.engine.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by id. A module of a pack whose name doesn't start with `_` has exactly one, named `RULE`."""
    rules = [
        importlib.import_module(f"{__name__}.{pack.name}.{module.name}").RULE
        for pack in pkgutil.iter_modules(__path__)
        if pack.ispkg and not pack.name.startswith("_")
        for module in pkgutil.iter_modules(importlib.import_module(f"{__name__}.{pack.name}").__path__)
        if not module.name.startswith("_")
    ]
    return tuple(sorted(rules, key=lambda rule: rule.id))
