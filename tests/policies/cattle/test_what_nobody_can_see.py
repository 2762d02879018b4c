"""Where only something outside decides, a rule about nodes says that it can't tell: neither found nor passed."""

import pytest

from policies.engine.evaluate import evaluate
from policies.engine.facts import Facts
from policies.engine.subject import Stack, Subject
from policies.engine.types import PARALLELCLUSTER
from policies.rules import all_rules

RULES = {rule.id: rule for rule in all_rules()}


def subject(kind, logical="it", /, **values):
    return Subject(urn=f"urn:pulumi:s::p::{kind}::{logical}", type=kind, name=logical, values=values)


def judged(rule, *subjects):
    return evaluate(Stack(subjects), (RULES[rule],), Facts())


@pytest.mark.parametrize(
    ("rule", "subjects", "place", "says"),
    [
        pytest.param(
            "HERD-007",
            [
                subject(
                    "aws:iam/role:Role", managedPolicyArns=["arn:aws:iam::111122223333:policy/nodes"], name="nodes"
                ),
                subject("aws:eks/nodeGroup:NodeGroup", "group", nodeRoleArn="arn:aws:iam::111122223333:role/nodes"),
            ],
            "managedPolicyArns[0]",
            "policy/nodes",
            id="what a policy of the company allows",
        ),
        pytest.param(
            "HERD-024",
            [subject("aws:ec2/launchTemplate:LaunchTemplate", blockDeviceMappings=[{"ebs": {"snapshotId": "snap-1"}}])],
            "blockDeviceMappings[0].ebs.encrypted",
            "the snapshot decides",
            id="whether a snapshot is encrypted",
        ),
        pytest.param(
            "HERD-064",
            [subject(PARALLELCLUSTER, HeadNode={"Ssh": {"AllowedIps": "pl-0123456789abcdef0"}})],
            "HeadNode.Ssh.AllowedIps",
            "prefix list pl-0123456789abcdef0",
            id="whom a prefix list names",
        ),
        pytest.param(
            "HERD-074",
            [subject(PARALLELCLUSTER, HeadNode={"Dcv": {"Enabled": True, "AllowedIps": "the office"}})],
            "HeadNode.Dcv.AllowedIps",
            "'the office' is no address block",
            id="addresses that are none",
        ),
        pytest.param(
            "HERD-004",
            [subject("aws:cloudformation/stack:Stack", templateUrl="https://example.s3.amazonaws.com/hpc.yaml")],
            "templateUrl",
            "hpc.yaml",
            id="a template at a URL",
        ),
    ],
)
def test_cannot_tell(rule, subjects, place, says):
    results = judged(rule, *subjects)
    assert results.findings == ()
    (silent,) = results.not_evaluated
    assert silent.property == place
    assert says in silent.message
