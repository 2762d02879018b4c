"""A list of subnets that only the cloud knows is no list of one."""

import pytest

from policies.engine.evaluate import evaluate
from policies.engine.facts import Facts
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, Reference
from policies.rules import all_rules

(RULE,) = (rule for rule in all_rules() if rule.id == "HERD-031")
LOOKED_UP = "invoke:aws:ec2/getSubnets:getSubnets#0a1b2c3d"


def symbol(owner, path):
    return Reference(f"${{{owner}.{path}}}", owner, path)


def judged(subnets, *, efa=True):
    kind = "efa" if efa else "interface"
    template = Subject(
        "template",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "template",
        {"networkInterfaces": [{"interfaceType": kind}]},
    )
    uses = {"launchTemplate": {"id": symbol("template", "id"), "version": "1"}, "subnetIds": subnets}
    group = Subject("group", "aws:eks/nodeGroup:NodeGroup", "group", uses)
    results = evaluate(Stack((group, template)), [RULE], Facts())
    return list(results.findings), next(iter(results.not_evaluated), None)


@pytest.mark.parametrize(
    "subnets", [[symbol(LOOKED_UP, "ids[0]")], symbol(LOOKED_UP, "ids")], ids=["its first element", "one symbol"]
)
def test_how_many_there_are_is_not_evaluated(subnets):
    findings, silent = judged(subnets)
    assert findings == []
    assert (silent.reason, silent.property) == (Reason.UNKNOWN, "subnetIds")
    assert judged(subnets, efa=False) == ([], None)


def test_one_subnet_of_the_stack_is_one():
    assert judged([symbol("subnet", "id")]) == ([], None)
