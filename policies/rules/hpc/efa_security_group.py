"""HERD-029: a security group of EFA interfaces lets all traffic through to and from itself.

Sources: EC2 User Guide, "Get started with EFA" (efa-start-security); PCS User Guide, "Create a security group to
support EFA communications"; ParallelCluster, EfaSecurityGroupValidator; awsome-distributed-ai #546 and
gardener-extension-provider-aws #1832 on 0.0.0.0/0; EKS User Guide, sec-group-reqs, on the cluster's own group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, Reference, UnevaluatedError
from policies.rules._shared import parallelcluster
from policies.rules._shared.kubernetes import karpenter
from policies.rules._shared.machines import templates
from policies.rules._shared.network.ingress import (
    ANY_PROTOCOL,
    EGRESS_RULE,
    INGRESS_RULE,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
    Direction,
    NetworkRule,
    network_rules,
)
from policies.rules._shared.once import once_a_stack
from policies.rules._shared.types import EKS_CLUSTER

INTERFACE: Final = "aws:ec2/networkInterface:NetworkInterface"
_WORLD: Final = ("0.0.0.0/0", "::/0")
_WAYS: Final = {Direction.INGRESS: "from", Direction.EGRESS: "to"}
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """EFA's traffic has no IP address: only rules that name the group itself match it, and both sides need one."""
    if resource.type == SECURITY_GROUP:
        if _is_for_efa(resource):
            for way, told in _lacks(resource, stack).items():
                yield Violation(resource.props.at(way.value), told)
        return
    seen: set[tuple[str, ...]] = set()
    for at, groups in _users(resource):
        if groups not in seen:
            seen.add(groups)
            yield from _judged(at, groups, stack)


def _judged(at: Node, groups: tuple[str, ...], stack: Stack) -> Iterator[Violation]:
    """One of an interface's groups is enough."""
    if not groups:
        message = "no security group is named, and the rules of the one that AWS takes then aren't seen"
        raise UnevaluatedError(Reason.ABSENT, message, at.path)
    lacking: list[str] = []
    unseen: list[str] = []
    for group in groups:
        found = stack.target(group)
        if found is not None and found.type == EKS_CLUSTER and isinstance(group, Reference):
            # The group that EKS makes for a cluster has both rules.
            return
        if found is None or found.type != SECURITY_GROUP:
            unseen.append(group)
            continue
        told = _lacks(found, stack)
        if not told:
            return
        lacking += [f"{found.name} {text}" for text in told.values()]
    if unseen:
        message = f"the rules of {', '.join(unseen)} are outside of what is judged"
        raise UnevaluatedError(Reason.ABSENT, message, at.path)
    yield Violation(at, "; ".join(lacking))


def _users(resource: Subject) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """Places with EFA interfaces, and the security groups that these are in."""
    if resource.type == templates.TEMPLATE:
        for interface in templates.efa_interfaces(resource):
            at = interface.at("securityGroups")
            yield at, at.texts() or resource.props.texts("vpcSecurityGroupIds")
    elif resource.type == INTERFACE:
        at = resource.props.at("securityGroups")
        if (resource.props.literal("interfaceType") or "").lower() in templates.EFA:
            yield at, at.texts()
    elif resource.type in karpenter.EC2_NODE_CLASSES:
        if karpenter.efa_interfaces(resource):
            at = resource.props.at("spec", "securityGroupSelectorTerms")
            yield at, tuple(_selected(at))
    else:
        yield from _queues(resource)


def _queues(resource: Subject) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """Queues with EFA that bring security groups; for the others ParallelCluster makes one with both rules."""
    for cluster in parallelcluster.clusters(resource):
        for compute in parallelcluster.compute_resources(cluster):
            network = compute.queue.at("Networking")
            if compute.node.flag("Efa", "Enabled", default=False) and network.has("SecurityGroups"):
                groups = (*network.texts("SecurityGroups"), *network.texts("AdditionalSecurityGroups"))
                yield network.at("SecurityGroups"), groups


def _selected(at: Node) -> Iterator[str]:
    """The groups that a node class names by id.

    Raises:
        UnevaluatedError: It selects them by tags or name.
    """
    for term in at.each():
        group = term.text("id")
        if group is None:
            raise UnevaluatedError(Reason.ABSENT, "groups are selected by tag or name, which AWS alone knows", at.path)
        yield group


def _lacks(group: Subject, stack: Stack) -> dict[Direction, str]:
    """What a group lacks, by direction."""
    told = {}
    for way, preposition in _WAYS.items():
        if any(_all_of_itself(rule, group, stack) for rule in _rules(group, way, stack)):
            continue
        told[way] = f"lacks {way} of all traffic {preposition} itself"
        if any(block.text() in _WORLD for rule in _rules(group, way, stack) for block in rule.cidrs()):
            told[way] += " (a rule for every address doesn't match EFA, whose traffic has no IP address)"
    return told


def _all_of_itself(rule: NetworkRule, group: Subject, stack: Stack) -> bool:
    """Whether a rule is about all traffic, and about the group itself."""
    if rule.protocol != ANY_PROTOCOL:
        return False
    return rule.names_itself or any(_is(other.text() or "", group, stack) for other in rule.groups())


def _is(other: str, group: Subject, stack: Stack) -> bool:
    if isinstance(other, Reference):
        return stack.target(other) is group
    # AWS writes ACCOUNT/GROUP for a group over a peering.
    return stack.target(other.rpartition("/")[2]) is group


@dataclass
class _Rules:
    """Rules that are resources of their own: by group and direction."""

    found: dict[tuple[str, Direction], list[NetworkRule]] = field(default_factory=dict)
    unsure: UnevaluatedError | None = None


def _rules(group: Subject, way: Direction, stack: Stack) -> Iterator[NetworkRule]:
    """The rules of a group in one direction: its own first, then those that are resources.

    Raises:
        UnevaluatedError: It is unknown which group some rule is for.
    """
    yield from network_rules(group, way)
    separate = _separate(stack)
    yield from separate.found.get((group.urn, way), ())
    if separate.unsure is not None:
        raise separate.unsure


@once_a_stack
def _separate(stack: Stack) -> _Rules:
    rules = _Rules()
    for resource in stack.of_type(SECURITY_GROUP_RULE, INGRESS_RULE, EGRESS_RULE):
        try:
            for rule in network_rules(resource):
                group = stack.named_by(rule.owner)
                if group is not None:
                    rules.found.setdefault((group.urn, rule.direction), []).append(rule)
        except UnevaluatedError as error:
            # Kept, and raised for every group that still lacks a rule: it may be this one.
            rules.unsure = error
    return rules


def _is_for_efa(group: Subject) -> bool:
    """Whether its name or description says that it is for EFA."""
    keys = (("name",), ("namePrefix",), ("description",), ("tags", "Name"))
    texts = (group.name, *(group.props.text(*key) for key in keys))
    words = {word.lower() for text in texts for word in _WORDS.findall(text or "")}
    return "efa" in words or {"elastic", "fabric"} <= words


RULE: Final = GraphRule(
    id="HERD-029",
    name="efa-security-group-refers-to-itself",
    pack="hpc",
    title="The security group of EFA interfaces allows all traffic from and to itself",
    severity=everywhere(Severity.HIGH),
    types=(SECURITY_GROUP, INTERFACE, templates.TEMPLATE, *karpenter.EC2_NODE_CLASSES, *parallelcluster.TYPES),
    properties=(
        "ingress",
        "egress",
        "networkInterfaces.securityGroups",
        "securityGroups",
        "spec.securityGroupSelectorTerms",
        "Scheduling.SlurmQueues.Networking.SecurityGroups",
    ),
    why=(
        "EFA's own protocol has no IP address: rules for address ranges, 0.0.0.0/0 included, never match it, only"
        " rules that name the group do. Without both, libfabric says the receiver is unreachable, or NCCL falls back to"
        " TCP at a tenth of the speed and nobody notices."
    ),
    fix=(
        "Give the group two rules of protocol -1: ingress from itself and egress to itself (the rule's"
        " referenced_security_group_id is the group's own id), beside whatever rules for addresses there are."
    ),
    mappings={"parallelcluster": ("EfaSecurityGroupValidator",)},
    check=check,
)
