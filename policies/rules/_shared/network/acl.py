"""Network ACLs: rules in an order, of which the first that matches decides."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.engine.subject import Stack, Subject
from policies.rules._shared.network.ingress import (
    ANY_PROTOCOL,
    NETWORK_ACL_RULE,
    NetworkRule,
    block_of,
    ingress_rules,
    is_within,
)
from policies.rules._shared.once import once_a_stack

FIRST_EPHEMERAL: Final = 1024
"""Answers come back to ports from here on: an ACL has no memory, so each lets them in."""


@dataclass(frozen=True)
class Traffic:
    """Traffic that a rule may let in.

    Attributes:
        protocol: `-1` for every protocol.
        ports: First and last port.
        block: The addresses it comes from.
    """

    protocol: str
    ports: tuple[int, int]
    block: str


def denied_before(rule: NetworkRule, resource: Subject, stack: Stack, traffic: Traffic) -> bool:
    """Whether an earlier rule of the same ACL denies all of some traffic.

    Raises:
        UnevaluatedError: An earlier rule of the ACL is unknown.
    """
    return any(
        not other.allows
        and other.number < rule.number
        and _covers(other, traffic)
        and _contains(other, stack, traffic.block)
        for other in _same_acl(rule, resource, stack)
    )


def _same_acl(rule: NetworkRule, resource: Subject, stack: Stack) -> Iterator[NetworkRule]:
    yield from ingress_rules(resource)
    acl = rule.owner.text() if rule.owner.path else None
    for other in _rules(stack).get(acl, ()) if acl else ():
        if other is not resource:
            yield from ingress_rules(other)


@once_a_stack
def _rules(stack: Stack) -> dict[str | None, list[Subject]]:
    """The separate rules by ACL."""
    groups: dict[str | None, list[Subject]] = {}
    for one in stack.of_type(NETWORK_ACL_RULE):
        groups.setdefault(one.props.text("networkAclId"), []).append(one)
    return groups


def _covers(deny: NetworkRule, traffic: Traffic) -> bool:
    denied = deny.ports
    if denied is None or deny.protocol not in (ANY_PROTOCOL, traffic.protocol):
        return False
    return denied[0] <= traffic.ports[0] and traffic.ports[1] <= denied[1]


def _contains(deny: NetworkRule, stack: Stack, block: str) -> bool:
    inner = ipaddress.ip_network(block, strict=False)
    for node in deny.cidrs():
        given = block_of(node, stack)
        outer = ipaddress.ip_network(given, strict=False) if given else None
        if outer is not None and is_within(inner, outer):
            return True
    return False
