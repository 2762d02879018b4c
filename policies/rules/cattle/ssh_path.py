"""HERD-064: no SSH path leads to a node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared import parallelcluster
from policies.rules._shared.machines.templates import GROUP
from policies.rules._shared.names import called, is_bastion
from policies.rules._shared.network.ingress import is_private_at
from policies.rules._shared.parallelcluster import Kind, Machines
from policies.rules._shared.scripts.boot import INSTANCE, LAUNCH_TEMPLATE, SPOT_INSTANCE

_ENDPOINT: Final = "aws:ec2transitgateway/instanceConnectEndpoint:InstanceConnectEndpoint"
_NAMED: Final = (INSTANCE, SPOT_INSTANCE, LAUNCH_TEMPLATE, GROUP)
_EVERYWHERE: Final = "0.0.0.0/0"
# Templates name the subnet in place of its id: ${PUBLIC_SUBNET_ID}, <public-subnet>.
_PUBLIC: Final = re.compile(r"(?<!non)(?<!non-)(?<!not-)public", re.IGNORECASE)


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """One path may be: a login pool behind its balancer, for private addresses and people of a directory."""
    if resource.type == _ENDPOINT:
        yield Violation(resource.props, "lets whoever IAM allows send a key and open SSH to machines", _NO_ENDPOINT)
    elif resource.type in _NAMED:
        for at, name in called(resource):
            if is_bastion(name):
                yield Violation(at, f"{name} is there for people to reach other machines through", _NO_BASTION)
                break
    else:
        for cluster in parallelcluster.clusters(resource):
            for machines in parallelcluster.machines(cluster):
                yield from _public(machines, stack)
                yield from _CHECKS[machines.kind](machines.node, cluster)


_NO_ENDPOINT: Final = "Delete the endpoint; sessions go through Session Manager."
_NO_BASTION: Final = "Delete the bastion; sessions go through Session Manager."
_PRIVATE_SUBNET: Final = "Put it into a private subnet; Session Manager needs no address."


def _public(machines: Machines, stack: Stack) -> Iterator[Violation]:
    """Places in subnets that give machines public addresses (ParallelCluster makes a balancer there a public one)."""
    networking = machines.node.at("Networking")
    several = networking.at("SubnetIds")
    for subnet in (networking.at("SubnetId"), *(several.each() if several.is_list else (several,))):
        named = stack.named_by(subnet)
        if named is not None and named.props.flag("mapPublicIpOnLaunch"):
            yield Violation(subnet, f"{machines} is in {named.name}, a public subnet", _PRIVATE_SUBNET)
        elif named is None and _PUBLIC.search(subnet.text() or ""):
            yield Violation(subnet, f"{machines} is in {subnet.text()}, a public subnet", _PRIVATE_SUBNET)


def _head(head: Node, cluster: Node) -> Iterator[Violation]:
    address = head.at("Networking", "ElasticIp")
    value = (address.text() or "false").lower()
    if value != "false":
        yield Violation(address, "puts the head node's port 22 on the internet", "Leave ElasticIp out.")
    allowed = head.at("Ssh", "AllowedIps")
    if allowed.present:
        yield from _allowed(allowed, "the head node")
    elif head.text("Ssh", "KeyName") and not head.has("Networking", "SecurityGroups"):
        yield Violation(allowed, f"is absent, which opens the head node's port 22 to {_EVERYWHERE}", _NARROW)


def _queue(queue: Node, cluster: Node) -> Iterator[Violation]:
    address = queue.at("Networking", "AssignPublicIp")
    if address.flag():
        yield Violation(address, "gives every compute node a public address", "Leave AssignPublicIp out.")


def _login(pool: Node, cluster: Node) -> Iterator[Violation]:
    """Its AllowedIps are the head node's where it has none of its own, and those are everybody's by default."""
    own = pool.at("Ssh", "AllowedIps")
    allowed = own if own.present else cluster.at("HeadNode", "Ssh", "AllowedIps")
    if allowed.present:
        yield from _allowed(allowed, "the login pool")
    elif not pool.has("Networking", "SecurityGroups"):
        yield Violation(own, f"is absent, which opens the login pool's port 22 to {_EVERYWHERE}", _NARROW)
    directory = cluster.at("DirectoryService")
    if not directory.present:
        message = "is absent: without a directory everybody logs in to the pool as the same user"
        yield Violation(directory, message, "Set DirectoryService: people log in under their own names.")


_CHECKS: Final = {Kind.HEAD: _head, Kind.LOGIN: _login, Kind.QUEUE: _queue}
_NARROW: Final = "Set Ssh.AllowedIps to the private addresses that people come from, such as 10.0.0.0/8."


def _allowed(allowed: Node, whom: str) -> Iterator[Violation]:
    text = allowed.literal() or ""
    if text.startswith("pl-"):
        raise UnevaluatedError(Reason.ABSENT, f"nobody knows what prefix list {text} holds", allowed.path)
    if not is_private_at(allowed, text):
        yield Violation(allowed, f"opens port 22 of {whom} to {text}", _NARROW)


RULE: Final = GraphRule(
    id="HERD-064",
    name="no-ssh-path-to-nodes",
    pack="cattle",
    title="No SSH path leads to a node",
    severity=everywhere(Severity.HIGH),
    types=(_ENDPOINT, *_NAMED, *parallelcluster.TYPES),
    properties=(
        "HeadNode.Networking.ElasticIp",
        "HeadNode.Ssh.AllowedIps",
        "Networking.SubnetId",
        "Networking.SubnetIds",
        "Networking.AssignPublicIp",
        "LoginNodes.Pools[].Ssh.AllowedIps",
        "DirectoryService",
    ),
    why=(
        "A shell that anybody can reach gets used, and what is typed there is in no image and no release. The one"
        " exception is a Slurm login pool: behind the balancer that ParallelCluster makes, open to private addresses"
        " alone, for people of a directory, without key pairs (HERD-004)."
    ),
    fix="Close it; sessions go through Session Manager.",
    mappings={"fsbp": ("EC2.13",)},
    check=check,
)
