"""Every old name of a type that rules are about leads to the rules: a saved deployment may still have it."""

import re
from importlib.util import find_spec
from pathlib import Path

from policies.engine.types import canonical
from policies.rules import all_rules, plan_rules

SDK = Path(find_spec("pulumi_aws").submodule_search_locations[0])
ALIAS = re.compile(r'Alias\(type_="([^"]+)"\)')
SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def aliases(name):
    """The old names of a type, as the SDK's own class tells the engine."""
    module, _, short = name.split(":")[1].partition("/")
    file = f"{SNAKE.sub('_', short).lower()}.py"
    found = [SDK / folder / file for folder in (module, f"{module}_") if (SDK / folder / file).is_file()]
    assert len(found) == 1, name
    return ALIAS.findall(found[0].read_text(encoding="utf-8"))


def test_old_names_of_judged_types_are_known():
    judged = {name for rule in (*all_rules(), *plan_rules()) for name in rule.types if name.startswith("aws:")}
    old = {(alias, name) for name in judged for alias in aliases(name)}
    assert len(old) > 5
    assert sorted((alias, name) for alias, name in old if canonical(alias) != name) == []


def test_rules_name_types_as_subjects_have_them():
    named = {name for rule in (*all_rules(), *plan_rules()) for name in rule.types}
    assert sorted(name for name in named if canonical(name) != name) == []
