"""Which rules are asked."""

import pytest

from components.base.problems import InvalidInputError
from herd.check.selection import select
from policies.rules import all_rules, plan_rules


def test_all_of_them():
    assert select() == all_rules()


def test_packs_and_rules_by_id_and_name():
    cost = [rule.id for rule in all_rules() if rule.pack == "cost"]
    chosen = [rule.id for rule in select(["cost"], ["herd-014"])]
    assert chosen == sorted({*cost, "HERD-014"})
    assert [rule.id for rule in select(names=["launch-template-version-pinned"])] == ["HERD-014"]


def test_what_is_unknown_is_said_all_at_once():
    with pytest.raises(InvalidInputError) as caught:
        select(["hcp"], ["herd-0014", "banana"])
    assert [str(problem) for problem in caught.value.problems] == [
        "--pack: there is no pack 'hcp' (fix: did you mean 'hpc'?)",
        "--rule: there is no rule 'banana' (fix: herd policy list shows them)",
        "--rule: there is no rule 'herd-0014' (fix: did you mean 'HERD-014'?)",
    ]


def test_a_rule_about_plans_is_for_another_command():
    for rule in plan_rules()[:1]:
        with pytest.raises(InvalidInputError, match="is about plans"):
            select(names=[rule.id])
