"""The example of docs/writing-a-rule.md is a rule that works."""

import importlib.util
import re
from pathlib import Path

from policies.engine import fixtures
from policies.engine.trial import try_rule
from policies.rules import all_rules

PAGE = (Path(__file__).parents[2] / "docs" / "writing-a-rule.md").read_text(encoding="utf-8")


def block(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


def test_the_example_passes_its_own_trial(tmp_path):
    module = tmp_path / "volume_type.py"
    module.write_text(block("python"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("volume_type", module)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    (tmp_path / "HERD-900.yaml").write_text(block("yaml"), encoding="utf-8")

    trials = list(try_rule(loaded.RULE, fixtures.load("HERD-900", tmp_path)))

    assert {"good", "bad", "empty", "waived", "mutation", "unknown"} <= {trial.kind for trial in trials}
    assert [trial for trial in trials if trial.problem] == []


def test_its_id_and_name_are_no_rule_s():
    taken = {name for rule in all_rules() for name in (rule.id, rule.name)}
    assert not {"HERD-900", "volumes-are-gp3"} & taken
