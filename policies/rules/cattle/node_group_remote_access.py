"""HERD-003: node groups give nobody remote access."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.machines.templates import NODE_GROUP


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """With a key and no source groups EKS opens port 22 to the internet."""
    for access in resource.props.each("remoteAccess"):
        sources = access.texts("sourceSecurityGroupIds")
        if key := access.text("ec2SshKey"):
            whom = f"members of {', '.join(sources)}" if sources else "the internet"
            yield Violation(access.at("ec2SshKey"), f"puts the SSH key {key} on its nodes and opens port 22 to {whom}")
        elif sources:
            message = f"opens port 22 of its nodes to members of {', '.join(sources)}"
            yield Violation(access.at("sourceSecurityGroupIds"), message)


RULE: Final = ResourceRule(
    id="HERD-003",
    name="no-remote-access-to-node-groups",
    pack="cattle",
    title="Node groups give nobody remote access",
    severity=everywhere(Severity.HIGH),
    types=(NODE_GROUP,),
    properties=("remoteAccess.ec2SshKey", "remoteAccess.sourceSecurityGroupIds"),
    why=(
        "The block remoteAccess puts a key on every node and makes a security group for port 22, open to 0.0.0.0/0"
        " where no source groups are named (EKS API, RemoteAccessConfig)."
    ),
    fix="Leave remoteAccess out; use Session Manager, or `kubectl debug node/NAME` for what a pod can see.",
    mappings={"checkov": ("CKV_AWS_100",)},
    check=check,
)
