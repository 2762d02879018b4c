"""HERD-009: the default security group lets nothing through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reference
from policies.rules._shared.network.ingress import (
    DEFAULT_SECURITY_GROUP,
    EGRESS_RULE,
    INGRESS_RULE,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
    network_rules,
)
from policies.rules._shared.types import VPC


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Adopting the group deletes its rules, so one without any is closed (Terraform, aws_default_security_group)."""
    if resource.type == VPC:
        adopted = (group.props.at("vpcId") for group in stack.of_type(DEFAULT_SECURITY_GROUP))
        if all(stack.named_by(place) is not resource for place in adopted):
            yield Violation(resource.props, "has a default security group that lets its members talk to each other")
        return
    for rule in network_rules(resource):
        if resource.type == DEFAULT_SECURITY_GROUP:
            yield Violation(rule.at, f"lets {rule.direction} through the VPC's default security group")
            continue
        group = stack.named_by(rule.owner)
        if group is not None and group.type == SECURITY_GROUP:
            continue  # one of our own: a preview knows whose it is before it has an id
        owner = rule.owner.text()
        by_name = isinstance(owner, Reference) and owner.path == "defaultSecurityGroupId"
        if by_name or (group is not None and _is_default(group, owner)):
            yield Violation(rule.owner, f"adds {rule.direction} to the VPC's default security group")


def _is_default(group: Subject, owner: str | None) -> bool:
    return group.type == DEFAULT_SECURITY_GROUP or group.outputs.text("defaultSecurityGroupId") == owner


RULE: Final = GraphRule(
    id="HERD-009",
    name="default-security-group-closed",
    pack="security",
    title="A VPC's default security group lets nothing through",
    severity=everywhere(Severity.HIGH),
    types=(VPC, DEFAULT_SECURITY_GROUP, SECURITY_GROUP_RULE, INGRESS_RULE, EGRESS_RULE),
    properties=("ingress", "egress", "securityGroupId"),
    why=(
        "Whatever is made without naming a group is in the default one; with rules, all of that reaches each other, and"
        " nobody decided it."
    ),
    fix="Delete its rules: `aws.ec2.DefaultSecurityGroup(vpc_id=…)` without rules; name groups of your own.",
    mappings={"checkov": ("CKV2_AWS_12",), "fsbp": ("EC2.2",), "cis": ("6.5",)},
    check=check,
)
