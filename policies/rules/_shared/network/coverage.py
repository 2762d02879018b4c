"""Which ways through a firewall are wider than others."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Subject
from policies.rules._shared.network.ingress import ANY_PROTOCOL, Direction, is_within, network_rules
from policies.rules._shared.types import EKS_CLUSTER

_HTTPS: Final = 443


@dataclass(frozen=True, order=True)
class Way:
    """One way through a firewall, or one that it closes.

    Attributes:
        direction: In or out.
        side: Who is on the other side: an address block, a prefix list, a group.
        protocol: As `NetworkRule.protocol`.
        ports: First and last; empty for a protocol without ports.
    """

    direction: Direction
    side: str
    protocol: str
    ports: tuple[int, ...]

    def __str__(self) -> str:
        ports = f"{self.ports[0]}-{self.ports[1]}" if self.ports else "without ports"
        return f"{self.side} {'in' if self.direction is Direction.INGRESS else 'out'} by {self.protocol} {ports}"

    def covers(self, other: Way) -> bool:
        """Whether whatever takes the other way could take this one."""
        if self.direction is not other.direction or not _holds(self.side, other.side):
            return False
        if self.protocol == ANY_PROTOCOL:
            return True
        if self.protocol != other.protocol or len(self.ports) != len(other.ports):
            return False
        return not self.ports or (self.ports[0] <= other.ports[0] and other.ports[1] <= self.ports[1])


def ways(resource: Subject, direction: Direction, *, allowed: bool) -> Iterator[Way]:
    """The ways that a resource opens, or those that an ACL closes.

    Raises:
        UnevaluatedError: Part of a rule is hidden.
    """
    for rule in network_rules(resource, direction):
        if rule.allows is not allowed:
            continue
        places = [*rule.cidrs(), *rule.prefix_lists(), *rule.groups()]
        sides = [side for place in places if (side := place.text())] + (["itself"] if rule.names_itself else [])
        for side in sides:
            yield Way(direction, side, rule.protocol, rule.ports or ())
    if resource.type == EKS_CLUSTER and allowed and direction is Direction.INGRESS:
        yield from _to_api(resource.props.at("vpcConfig"))


def _to_api(network: Node) -> Iterator[Way]:
    """The ways to a cluster's public address, which is open to everybody unless somebody says otherwise."""
    if network.flag("endpointPublicAccess", default=True):
        for block in network.texts("publicAccessCidrs") or ("0.0.0.0/0",):
            yield Way(Direction.INGRESS, block, "tcp", (_HTTPS, _HTTPS))


def uncovered(these: Iterable[Way], by: Iterable[Way]) -> list[Way]:
    """The ways that none of the others covers, in order."""
    others = set(by)
    return sorted(way for way in set(these) - others if not any(other.covers(way) for other in others))


def _holds(outer: str, inner: str) -> bool:
    if outer == inner:
        return True
    try:
        wide, narrow = (ipaddress.ip_network(text.strip(), strict=False) for text in (outer, inner))
    except ValueError:
        return False
    return is_within(narrow, wide)
