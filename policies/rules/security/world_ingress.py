"""HERD-006: the world never reaches every port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import NOTHING_ELSE, Stack, Subject
from policies.rules._shared.network.acl import FIRST_EPHEMERAL, Traffic, denied_before
from policies.rules._shared.network.ingress import (
    ANY_PROTOCOL,
    FIREWALL_TYPES,
    NETWORK_ACL_RULE,
    NetworkRule,
    blocks,
    ingress_rules,
    is_world,
)

# Half of all ports. A service that really needs a range, such as node ports (2,768), is far below it.
_MANY: Final = 32_768


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Every protocol, or more than half of the ports; an ACL's answers to ports from 1024 on don't count."""
    for rule in ingress_rules(resource):
        if not rule.allows or (ports := _many(rule)) is None:
            continue
        for node, block in blocks(rule, stack):
            if block is None or not is_world(block):
                continue
            if rule.acl and denied_before(rule, resource, stack, Traffic(rule.protocol, ports, block)):
                continue
            what = (
                "every protocol and port" if rule.protocol == ANY_PROTOCOL else f"{rule.protocol} {ports[0]}-{ports[1]}"
            )
            yield Violation(node, f"opens {what} to {block}")


def _early(resource: Subject, facts: Facts) -> Iterator[Violation]:
    # A denial that comes first may be a resource of its own.
    return iter(()) if resource.type == NETWORK_ACL_RULE else check(resource, NOTHING_ELSE, facts)


def _many(rule: NetworkRule) -> tuple[int, int] | None:
    ports = rule.ports
    if ports is None or ports[1] - ports[0] < _MANY:
        return None
    return None if rule.acl and ports[0] >= FIRST_EPHEMERAL else ports


RULE: Final = GraphRule(
    id="HERD-006",
    name="no-world-ingress",
    pack="security",
    title="The world never reaches all ports or protocols",
    severity=everywhere(Severity.CRITICAL),
    types=FIREWALL_TYPES,
    properties=("ingress", "cidrBlocks", "cidrIpv4", "cidrIpv6", "prefixListIds"),
    why=(
        "Training jobs, Ray, NCCL, dashboards and schedulers listen on ports of their choice and ask nobody for a"
        " password: whoever reaches them runs code on the GPUs."
    ),
    fix="Name the port and the peers: another security group, or the VPC's own block.",
    mappings={
        "checkov": ("CKV_AWS_277", "CKV_AWS_352"),
        "trivy": ("AWS-0107", "AWS-0102"),
        "cdk-nag": ("AwsSolutions-EC23",),
    },
    check=check,
    early=_early,
)
