"""HERD-005: nothing lets an address block reach SSH or RDP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import NOTHING_ELSE, Stack, Subject
from policies.rules._shared.network.acl import FIRST_EPHEMERAL, Traffic, denied_before
from policies.rules._shared.network.ingress import (
    FIREWALL_TYPES,
    INGRESS_RULE,
    NETWORK_ACL,
    NETWORK_ACL_RULE,
    SECURITY_GROUP,
    NetworkRule,
    block_of,
    ingress_rules,
    is_private,
)
from policies.rules._shared.types import LOAD_BALANCER

SSH: Final = 22
RDP: Final = 3389
_PORTS: Final = ((SSH, "SSH", ("tcp",)), (RDP, "RDP", ("tcp", "udp")))
LOGIN_POOL: Final = "herd:slurm:LoginPool"
"""The component whose balancer is the one thing people reach by SSH."""
_LAST_EPHEMERAL: Final = 60999


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Any block counts for a security group, private ones too: shells go through SSM, which needs no open port.

    An ACL is made of address blocks alone and filters a second time, so there only public blocks count. It has no
    memory: the ports that answers come back to are open in each, and aren't taken for RDP.
    """
    for rule in ingress_rules(resource):
        if not rule.allows:
            continue
        for port, name, protocols in _PORTS:
            reached = [protocol for protocol in protocols if rule.covers(port, protocol)]
            if not reached or _answers(rule):
                continue
            if rule.acl:
                yield from _acl(rule, resource, stack, [(protocol, port) for protocol in reached], name)
            else:
                yield from _group(rule, resource, stack, name)


def _early(resource: Subject, facts: Facts) -> Iterator[Violation]:
    # What lets a private block in may be a login pool's; a denial that comes first may be a resource of its own.
    if resource.type == NETWORK_ACL_RULE:
        return
    for violation in check(resource, NOTHING_ELSE, facts):
        block = block_of(violation.at, NOTHING_ELSE)
        if block is not None and not is_private(block):
            yield violation


def _group(rule: NetworkRule, resource: Subject, stack: Stack, name: str) -> Iterator[Violation]:
    for node in rule.cidrs():
        if not _login_balancer(rule, node, resource, stack):
            yield Violation(node, f"lets {node.text()} reach {name} ({_told(rule)})")
    for node in rule.prefix_lists():
        yield Violation(node, f"lets prefix list {node.text()} reach {name} ({_told(rule)})")


def _acl(
    rule: NetworkRule, resource: Subject, stack: Stack, reached: list[tuple[str, int]], name: str
) -> Iterator[Violation]:
    for node in rule.cidrs():
        block = block_of(node, stack)
        if block is None or is_private(block):
            continue
        traffic = [Traffic(protocol, (port, port), block) for protocol, port in reached]
        if all(denied_before(rule, resource, stack, one) for one in traffic):
            continue
        yield Violation(node, f"lets {node.text()} reach {name} ({_told(rule)})")


def _answers(rule: NetworkRule) -> bool:
    ports = rule.ports
    return rule.acl and ports is not None and ports[0] >= FIRST_EPHEMERAL and ports[1] >= _LAST_EPHEMERAL


def _login_balancer(rule: NetworkRule, node: Node, resource: Subject, stack: Stack) -> bool:
    """The one exception: SSH alone, from a private block, to the balancer before a Slurm login pool."""
    if rule.ports != (SSH, SSH) or rule.protocol != "tcp":
        return False
    block = block_of(node, stack)
    if block is not None and not is_private(block):
        return False
    group = resource if resource.type == SECURITY_GROUP else stack.named_by(rule.owner)
    of_pool = [*stack.ancestors(resource), *(stack.ancestors(group) if group else ())]
    if any(ancestor.type == LOGIN_POOL for ancestor in of_pool):
        return True
    return group is not None and any(
        stack.target(name) is group
        for balancer in stack.of_type(LOAD_BALANCER)
        if balancer.props.literal("loadBalancerType") == "network" and balancer.props.flag("internal", default=False)
        for name in balancer.props.texts("securityGroups")
    )


def _told(rule: NetworkRule) -> str:
    first, last = rule.ports or (0, 0)
    protocol = "every protocol" if rule.protocol == "-1" else rule.protocol
    return f"{protocol}, port {first}" if first == last else f"{protocol}, ports {first} to {last}"


RULE: Final = GraphRule(
    id="HERD-005",
    name="no-remote-login-ports",
    pack="security",
    title="No address block reaches SSH (22) or RDP (3389)",
    severity=everywhere(Severity.CRITICAL),
    types=FIREWALL_TYPES,
    properties=(
        f"{SECURITY_GROUP}.ingress",
        f"{INGRESS_RULE}.cidrIpv4",
        f"{NETWORK_ACL}.ingress",
    ),
    why=(
        "A port that takes logins is scanned within minutes where it is public, and lets whoever is inside move on"
        " where it is private. Sessions through SSM need no port, no key and leave a record."
    ),
    fix=(
        "Delete the rule and use `aws ssm start-session`. Peers are named by their"
        " group (referenced_security_group_id). A Slurm login pool is reached through its internal network load"
        " balancer, from private blocks."
    ),
    mappings={
        "checkov": ("CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_231", "CKV_AWS_232"),
        "fsbp": ("EC2.13", "EC2.14", "EC2.21"),
        "cis": ("6.2", "6.3", "6.4"),
        "config": ("INCOMING_SSH_DISABLED",),
    },
    check=check,
    early=_early,
)
