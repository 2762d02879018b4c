"""Every spelling of a firewall rule as one shape: inline, separate, the VPC module's, network ACLs."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, Reference, UnevaluatedError

SECURITY_GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_SECURITY_GROUP: Final = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
SECURITY_GROUP_RULE: Final = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE: Final = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE: Final = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
NETWORK_ACL: Final = "aws:ec2/networkAcl:NetworkAcl"
DEFAULT_NETWORK_ACL: Final = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
NETWORK_ACL_RULE: Final = "aws:ec2/networkAclRule:NetworkAclRule"
GROUP_TYPES: Final = (SECURITY_GROUP, DEFAULT_SECURITY_GROUP, SECURITY_GROUP_RULE, INGRESS_RULE, EGRESS_RULE)
ACL_TYPES: Final = (NETWORK_ACL, DEFAULT_NETWORK_ACL, NETWORK_ACL_RULE)
FIREWALL_TYPES: Final = (*GROUP_TYPES, *ACL_TYPES)

PREFIX_LIST: Final = "aws:ec2/managedPrefixList:ManagedPrefixList"
PREFIX_LIST_ENTRY: Final = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"
LAST_PORT: Final = 65535
ANY_PROTOCOL: Final = "-1"
# Blocks wider than these can't be a network of one's own: 0.0.0.0/0 is often written as two halves.
_WORLD_BITS: Final = {4: 7, 6: 15}
# Their addresses are a VPC's own blocks, /16 at the widest for IPv4, and never the world.
_VPC_BLOCKS: Final = ("aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/defaultVpc:DefaultVpc")
_VPC_LOOKUPS: Final = ("aws:ec2/getVpc:getVpc", "aws:ec2/getSubnet:getSubnet")
_SYMBOL: Final = re.compile(r"\$\{[^{}]*\}(?=/)")
_SOME_ADDRESS: Final = "192.0.2.1"
_ANY_SPELLINGS: Final = ("-1", "all", "any", "-1.0")
_PROTOCOL_NAMES: Final = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "icmp6": "icmpv6"}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Direction(StrEnum):
    """Which way."""

    INGRESS = "ingress"
    EGRESS = "egress"


@dataclass(frozen=True)
class _Spelling:
    """Names of a rule's properties; empty where the spelling has no such thing."""

    protocol: str
    cidrs: tuple[str, ...]
    lists: str = ""
    groups: str = ""
    itself: str = ""


_INLINE: Final = _Spelling("protocol", ("cidrBlocks", "ipv6CidrBlocks"), "prefixListIds", "securityGroups", "self")
_SEPARATE: Final = _Spelling(
    "protocol", ("cidrBlocks", "ipv6CidrBlocks"), "prefixListIds", "sourceSecurityGroupId", "self"
)
_OF_VPC: Final = _Spelling("ipProtocol", ("cidrIpv4", "cidrIpv6"), "prefixListId", "referencedSecurityGroupId")
_OF_ACL: Final = _Spelling("protocol", ("cidrBlock", "ipv6CidrBlock"))


@dataclass(frozen=True)
class NetworkRule:
    """One rule of a security group or a network ACL. Values are read when they are asked for.

    Attributes:
        at: Its place: the element of an inline list, or the resource as a whole.
        direction: Which way.
        owner: The place that names its security group or ACL; the resource as a whole for inline rules.
        acl: Whether it is a network ACL's, which also has rules that deny.
    """

    at: Node
    direction: Direction
    owner: Node
    acl: bool
    spelling: _Spelling

    @property
    def protocol(self) -> str:
        """`-1` for every protocol, `tcp`, `udp`, `icmp`, `icmpv6`, or another one's number.

        Raises:
            UnevaluatedError: It is hidden, or only the cloud knows it.
        """
        # Without a protocol AWS refuses the rule; whatever reads it as less than everything would pass it by.
        text = (self.at.literal(self.spelling.protocol, default=ANY_PROTOCOL) or ANY_PROTOCOL).strip().lower()
        if text in _ANY_SPELLINGS:
            return ANY_PROTOCOL
        text = text.removesuffix(".0")
        return _PROTOCOL_NAMES.get(text, text)

    @property
    def ports(self) -> tuple[int, int] | None:
        """First and last port; None for a protocol without ports.

        Raises:
            UnevaluatedError: One is hidden, or only the cloud knows it.
        """
        protocol = self.protocol
        if protocol == ANY_PROTOCOL:
            return 0, LAST_PORT
        if protocol not in ("tcp", "udp"):
            return None
        first, last = self.at.number("fromPort"), self.at.number("toPort")
        if first is None and last is None:
            return 0, LAST_PORT
        begin = int(first if first is not None else last or 0)
        end = int(last if last is not None else begin)
        # -1 is EC2's word for every port; 0 to 0 is what people write who mean that.
        if begin < 0 or (begin, end) == (0, 0):
            return 0, LAST_PORT
        return begin, end if end >= 0 else LAST_PORT

    def covers(self, port: int, protocol: str = "tcp") -> bool:
        """Whether traffic to a port matches."""
        ports = self.ports
        return ports is not None and self.protocol in (ANY_PROTOCOL, protocol) and ports[0] <= port <= ports[1]

    @property
    def number(self) -> float:
        """An ACL rule's place in the order; the first that matches decides."""
        return self.at.number("ruleNumber") or self.at.number("ruleNo") or 0

    @property
    def allows(self) -> bool:
        """Whether it lets traffic through; false for an ACL's deny."""
        if not self.acl:
            return True
        action = self.at.literal("ruleAction") or self.at.literal("action") or "allow"
        return action.strip().lower() != "deny"

    def cidrs(self) -> Iterator[Node]:
        """The places of its address blocks, one text each, which may be references."""
        for key in self.spelling.cidrs:
            yield from _each_text(self.at.at(key))

    def prefix_lists(self) -> Iterator[Node]:
        """The places that name prefix lists."""
        if self.spelling.lists:
            yield from _each_text(self.at.at(self.spelling.lists))

    @property
    def names_itself(self) -> bool:
        """Whether `self` makes the group the other side; a group may also stand among `groups`."""
        return bool(self.spelling.itself) and bool(self.at.flag(self.spelling.itself, default=False))

    def groups(self) -> Iterator[Node]:
        """The places that name security groups as the other side."""
        if self.spelling.groups:
            yield from _each_text(self.at.at(self.spelling.groups))


def network_rules(resource: Subject, *ways: Direction) -> Iterator[NetworkRule]:
    """The rules that a resource makes, whichever way it spells them; none for other types.

    Args:
        resource: The resource.
        ways: The directions to read; all by default. What goes the other way may be hidden.
    """
    return (rule for rule in _spelled(resource, ways or tuple(Direction)) if not ways or rule.direction in ways)


def _spelled(resource: Subject, ways: tuple[Direction, ...]) -> Iterator[NetworkRule]:
    props = resource.props
    match resource.type:
        case "aws:ec2/securityGroup:SecurityGroup" | "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":
            yield from _inline(props, _INLINE, ways, acl=False)
        case "aws:ec2/networkAcl:NetworkAcl" | "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl":
            yield from _inline(props, _OF_ACL, ways, acl=True)
        case "aws:ec2/securityGroupRule:SecurityGroupRule":
            way = Direction.EGRESS if (props.literal("type") or "").lower() == "egress" else Direction.INGRESS
            yield NetworkRule(props, way, props.at("securityGroupId"), acl=False, spelling=_SEPARATE)
        case "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":
            yield NetworkRule(props, Direction.INGRESS, props.at("securityGroupId"), acl=False, spelling=_OF_VPC)
        case "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":
            yield NetworkRule(props, Direction.EGRESS, props.at("securityGroupId"), acl=False, spelling=_OF_VPC)
        case "aws:ec2/networkAclRule:NetworkAclRule":
            way = Direction.EGRESS if props.flag("egress", default=False) else Direction.INGRESS
            yield NetworkRule(props, way, props.at("networkAclId"), acl=True, spelling=_OF_ACL)


def ingress_rules(resource: Subject) -> Iterator[NetworkRule]:
    """The rules that let traffic in, or, of an ACL, keep it out."""
    return network_rules(resource, Direction.INGRESS)


def _inline(props: Node, spelling: _Spelling, ways: tuple[Direction, ...], *, acl: bool) -> Iterator[NetworkRule]:
    for way in ways:
        for block in props.each(way.value):
            yield NetworkRule(block, way, props, acl=acl, spelling=spelling)


def _each_text(node: Node) -> Iterator[Node]:
    """A text, or each text of a list."""
    return (item for item in (node.each() if node.is_list else (node,)) if item.present)


def is_world(block: str) -> bool:
    """Whether an address block is the internet or a great part of it: `0.0.0.0/0`, its halves, `::/0`, `2000::/3`.

    Raises:
        ValueError: It is no address block.
    """
    network = ipaddress.ip_network(block.strip(), strict=False)
    return network.prefixlen <= _WORLD_BITS[network.version] and not is_private(block)


def is_private(block: str) -> bool:
    """Whether an address block is within private ones: RFC 1918, carrier-grade NAT (pods), IPv6 unique local.

    A machine's own addresses (127.0.0.1/32) are nobody's at all: some write them where a list can't be left out.

    Raises:
        ValueError: It is no address block.
    """
    network = ipaddress.ip_network(block.strip(), strict=False)
    return any(is_within(network, own) for own in _PRIVATE)


def is_private_at(at: Node, block: str) -> bool:
    """As `is_private`, of what stands at a place.

    Raises:
        UnevaluatedError: It is no address block.
    """
    try:
        return is_private(block)
    except ValueError:
        raise UnevaluatedError(Reason.MISSHAPEN, f"{block!r} is no address block", at.path) from None


def is_within(inner: Network, outer: Network) -> bool:
    """Whether an address block is part of another one, which one of the other version never is."""
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]


_PRIVATE: Final = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "fc00::/7")
)


def block_of(node: Node, stack: Stack) -> str | None:
    """The address block at a place; None for a VPC's or subnet's own block that only the cloud knows.

    Raises:
        UnevaluatedError: Only the cloud knows it, and nothing says that it is a VPC's; or it is no address block.
    """
    value = node.text()
    if isinstance(value, Reference):
        named = stack.target(value)
        if named is not None and named.type in _VPC_BLOCKS:
            key = value.path if value.path in ("cidrBlock", "ipv6CidrBlock") else "cidrBlock"
            given = named.props.text(key)
            return None if given is None or isinstance(given, Reference) else given
        if value.looked_up and any(lookup in value.owner for lookup in _VPC_LOOKUPS):
            return None
        node.literal()
    # A machine's address with a length, `${eip.publicIp}/32`: the length says how much of the world it is.
    block = _SYMBOL.sub(_SOME_ADDRESS, value or "").strip()
    try:
        ipaddress.ip_network(block, strict=False)
    except ValueError:
        raise UnevaluatedError(Reason.MISSHAPEN, f"{value!r} is no address block", node.path) from None
    return block


def blocks(rule: NetworkRule, stack: Stack) -> Iterator[tuple[Node, str | None]]:
    """Each address block of a rule with its place, those of prefix lists included; None as in `block_of`.

    Raises:
        UnevaluatedError: A block can't be told, or a prefix list isn't in the stack.
    """
    for node in rule.cidrs():
        yield node, block_of(node, stack)
    for node in rule.prefix_lists():
        named = stack.named_by(node)
        if named is None or named.type != PREFIX_LIST:
            raise UnevaluatedError(Reason.ABSENT, f"nobody knows what prefix list {node.text()} holds", node.path)
        entries = [entry.at("cidr") for entry in named.props.each("entries")]
        entries += [
            entry.props.at("cidr")
            for entry in stack.of_type(PREFIX_LIST_ENTRY)
            if stack.named_by(entry.props.at("prefixListId")) is named
        ]
        for cidr in entries:
            yield node, block_of(cidr, stack)
