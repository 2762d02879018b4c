"""The law is loaded whole, or what is wrong with it is told."""

import sys

import pytest

from components.base.problems import InvalidInputError
from policies import rules

PINNED = "from policies.rules.immutable.launch_template_version import RULE\n"
BROKEN = {
    "a slip": ("x = 1\nx = (", ":2: the rule can't be loaded: SyntaxError: '(' was never closed"),
    "no such module": ("import none_such", ":1: the rule can't be loaded: ModuleNotFoundError: No module named"),
    "no rule": ("x = 1", ": the rule can't be loaded: AttributeError: "),
    "a second of its kind": (PINNED, ": HERD-014 is the rule of policies/rules/immutable/launch_template_version.py"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_rule_that_cant_be_loaded_is_named(case, tmp_path, monkeypatch):
    text, words = BROKEN[case]
    pack = tmp_path / "policies/rules/scratch"
    pack.mkdir(parents=True)
    (pack / "__init__.py").touch()
    (pack / "bad.py").write_text(text)
    monkeypatch.setattr(rules, "__path__", [*rules.__path__, str(pack.parent)])
    try:
        with pytest.raises(InvalidInputError) as refused:
            rules.all_rules.__wrapped__()
    finally:
        for name in ("policies.rules.scratch", "policies.rules.scratch.bad"):
            sys.modules.pop(name, None)
        del rules.scratch
    assert f"policies/rules/scratch/bad.py{words}" in str(refused.value)
