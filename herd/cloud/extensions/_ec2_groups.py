"""Security groups: names, descriptions, ports, protocols, references; what keeps one from being deleted."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks
from herd.cloud.wire import Call

# Source: botocore's ec2 model, CreateSecurityGroupRequest, constraints of GroupName and Description in a VPC.
_TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}")
_PROTOCOLS = {"tcp", "udp", "icmp", "icmpv6", "-1", "all"}
_PORTS = range(65536)
_PROTOCOL_NUMBERS = range(256)


@checks("ec2", "CreateSecurityGroup")
def _create(call: Call) -> None:
    name, description = call.params["GroupName"], call.params["Description"]
    if name == "default":
        raise AwsError("InvalidParameterValue", f"Cannot use reserved security group name: {name}")
    for value, what in ((name, "GroupName"), (description, "GroupDescription")):
        if not _TEXT.fullmatch(value) or (what == "GroupName" and value.startswith("sg-")):
            raise AwsError(
                "InvalidParameterValue",
                f"Value ({value}) for parameter {what} is invalid. Character sets beyond ASCII are not supported.",
            )


@checks("ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
def _authorize(call: Call) -> None:
    for permission in call.get("IpPermissions") or []:
        _check_permission(call, permission)


@checks("ec2", "ModifySecurityGroupRules")
def _modify(call: Call) -> None:
    for update in call.get("SecurityGroupRules") or []:
        rule = update.get("SecurityGroupRule") or {}
        _check_ports(rule)


def _check_permission(call: Call, permission: dict[str, Any]) -> None:
    _check_ports(permission)
    for key, entry in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        for each in permission.get(key) or []:
            try:
                ipaddress.ip_network(each[entry], strict=False)
            except ValueError as error:
                raise AwsError("InvalidParameterValue", f"CIDR block {each[entry]} is malformed") from error
    for each in permission.get("PrefixListIds") or []:
        if each["PrefixListId"] not in world.ec2(call).managed_prefix_lists:
            raise AwsError(
                "InvalidPrefixListID.NotFound", f"The prefix list ID '{each['PrefixListId']}' does not exist"
            )


def _check_ports(rule: dict[str, Any]) -> None:
    protocol = str(rule.get("IpProtocol", "-1")).lower()
    if protocol not in _PROTOCOLS and not (protocol.isdigit() and int(protocol) in _PROTOCOL_NUMBERS):
        raise AwsError("InvalidParameterValue", f"Invalid value '{protocol}' for IP protocol. Unknown protocol.")
    if protocol not in {"tcp", "udp", "6", "17"}:
        return
    first, last = rule.get("FromPort"), rule.get("ToPort")
    if first is None or last is None:
        raise AwsError(
            "InvalidParameterValue",
            "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
        )
    for port in (first, last):
        if port not in _PORTS:
            raise AwsError("InvalidParameterValue", f"TCP/UDP port ({port}) out of range")
    if first > last:
        raise AwsError("InvalidParameterValue", f"Invalid TCP/UDP port range ({first}:{last})")


@checks("ec2", "DeleteSecurityGroup")
def _delete(call: Call) -> None:
    wanted = call.get("GroupId")
    found = world.security_group(call, wanted) if wanted else None
    if found is None:
        return
    if found.name == "default":
        raise AwsError("CannotDelete", f'the specified group: "{wanted}" name: "default" cannot be deleted by a user')
    backend = world.ec2(call)
    used = any(wanted in _groups(interface) for interface in backend.enis.values())
    named = any(
        rule.source_group.get("GroupId") == wanted
        for groups in backend.groups.values()
        for other in groups.values()
        if other.id != wanted
        for rule in [*other.ingress_rules, *other.egress_rules]
    )
    if used or named:
        raise AwsError("DependencyViolation", f"resource {wanted} has a dependent object")


def _groups(interface: Any) -> set[str]:
    return {group if isinstance(group, str) else group.id for group in interface.group_set}
