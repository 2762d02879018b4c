"""HERD-058: each stack has a budget that tells somebody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import Severity, StackRule, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared.kubernetes.karpenter import NODE_POOLS
from policies.rules._shared.machines.templates import GROUP, NODE_GROUP
from policies.rules._shared.scripts.boot import SPOT_FLEET
from policies.rules._shared.types import COMPUTE_ENVIRONMENT, EKS_CLUSTER, VPC

BUDGET: Final = "aws:budgets/budget:Budget"
_PULUMI: Final = "pulumi:pulumi:Stack"
CAPACITY: Final = (
    NODE_GROUP,
    GROUP,
    "aws:ec2/instance:Instance",
    "aws:ec2/fleet:Fleet",
    SPOT_FLEET,
    COMPUTE_ENVIRONMENT,
    "aws:emr/cluster:Cluster",
    *NODE_POOLS,
)
# A program with machines but neither of these adds to somebody else's stack, which has the budget.
_GROUND: Final = (
    VPC,
    "awsx:ec2:Vpc",
    EKS_CLUSTER,
    "eks:index:Cluster",
    "aws:ecs/cluster:Cluster",
)


def check(stack: Stack, facts: Facts) -> Iterator[Violation]:
    """A budget that nobody hears of is none; a stack is whole if it has ground to stand on."""
    budgets = stack.of_type(BUDGET)
    for budget in budgets:
        yield from _silent(budget)
    whole = stack.of_type(_PULUMI) and stack.of_type(*_GROUND)
    if whole and not budgets and stack.of_type(*CAPACITY):
        yield Violation(Node(None), "the stack makes machines, and no budget watches what they cost")


def _silent(budget: Subject) -> Iterator[Violation]:
    notifications = list(budget.props.each("notifications"))
    if not any(map(_heard, notifications)):
        told = "has subscribers" if notifications else "is there"
        yield Violation(
            budget.props.at("notifications"),
            f"no notification {told}: nobody hears that the budget is spent",
            fix="Add notifications with a threshold and subscriber_email_addresses or subscriber_sns_topic_arns.",
        )


def _heard(notification: Node) -> bool:
    return bool(notification.texts("subscriberEmailAddresses") or notification.texts("subscriberSnsTopicArns"))


RULE: Final = StackRule(
    id="HERD-058",
    name="budget-per-stack",
    pack="cost",
    title="Each stack that makes machines has a budget that tells somebody",
    severity=everywhere(Severity.MEDIUM),
    types=(*CAPACITY, BUDGET),
    properties=("notifications.subscriberEmailAddresses", "notifications.subscriberSnsTopicArns"),
    why=(
        "One forgotten pool of eight-GPU machines spends a month's money over a weekend, and AWS tells nobody."
        " A stack is asked for a budget if it is a Pulumi stack with machines and a network or a cluster of its own."
    ),
    fix="Add an aws.budgets.Budget for the stack's tag, with notifications that somebody subscribes to.",
    check=check,
)
