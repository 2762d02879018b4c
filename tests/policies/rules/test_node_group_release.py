"""HERD-016: a node group's launch template is found by a name that a third resource made for both."""

from policies.engine.evaluate import evaluate
from policies.engine.facts import Facts
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reference
from policies.rules.immutable.node_group_release import RULE

MADE = Reference("${pet.id}", "pet", "id")


def judged(template):
    group = Subject("group", "aws:eks/nodeGroup:NodeGroup", "group", {"launchTemplate": {"name": MADE, "version": "1"}})
    of_group = Subject("template", "aws:ec2/launchTemplate:LaunchTemplate", "template", {"name": MADE, **template})
    results = evaluate(
        Stack((Subject("pet", "random:index/randomPet:RandomPet", "pet"), group, of_group)), [RULE], Facts()
    )
    assert results.not_evaluated == ()
    return [finding.message for finding in results.findings]


def test_its_template_names_an_image():
    assert judged({"imageId": "ami-0123456789abcdef0"}) == []


def test_its_template_names_none():
    (found,) = judged({"instanceType": "p5.48xlarge"})
    assert "launch template template no image" in found
