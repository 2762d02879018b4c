"""What moto's EC2 takes and then forgets: subnets' host names, rules' descriptions and sources, endpoints' routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.extensions import handles
from herd.cloud.wire import Call


@handles("ec2", "ModifySubnetAttribute")
def _subnet(call: Call) -> Mapping[str, Any]:
    result = call.forward()
    held = getattr(world.subnet(call, call.params["SubnetId"]), "private_dns_name_options_on_launch", {})
    if call.get("PrivateDnsHostnameTypeOnLaunch"):
        held["HostnameType"] = call.params["PrivateDnsHostnameTypeOnLaunch"]
    wanted = (call.get("EnableResourceNameDnsAAAARecordOnLaunch") or {}).get("Value")
    if wanted is not None:
        held["EnableResourceNameDnsAAAARecord"] = wanted
    return result


@handles("ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
def _rules(call: Call) -> Mapping[str, Any]:
    result = call.forward()
    group = world.security_group(call, call.get("GroupId") or "")
    for made in result.get("SecurityGroupRules") or []:
        text = _description(call, made)
        if text and group is not None:
            made["Description"] = text
            # moto keeps descriptions with address ranges alone, and reads them from there for every rule.
            group.get_rule(made["SecurityGroupRuleId"]).ip_range = {"Description": text}
    return result


def _description(call: Call, made: Mapping[str, Any]) -> str:
    """What the request says of a rule whose source is a group or a prefix list."""
    group, prefix_list = (made.get("ReferencedGroupInfo") or {}).get("GroupId"), made.get("PrefixListId")
    for permission in call.get("IpPermissions") or []:
        if permission.get("IpProtocol") != made.get("IpProtocol"):
            continue
        for pair in permission.get("UserIdGroupPairs") or []:
            if group and pair.get("GroupId") == group:
                return str(pair.get("Description") or "")
        for item in permission.get("PrefixListIds") or []:
            if prefix_list and item.get("PrefixListId") == prefix_list:
                return str(item.get("Description") or "")
    return ""


@handles("ec2", "ModifySecurityGroupRules")
def _modify_rules(call: Call) -> Mapping[str, Any]:
    result = call.forward()
    group = world.security_group(call, call.params["GroupId"])
    for change in call.params["SecurityGroupRules"]:
        wanted = change.get("SecurityGroupRule") or {}
        rule = group.get_rule(change["SecurityGroupRuleId"]) if group is not None else None
        if rule is None:
            continue
        if wanted.get("ReferencedGroupId"):
            rule.source_group = {**rule.source_group, "GroupId": wanted["ReferencedGroupId"]}
        if wanted.get("PrefixListId"):
            rule.prefix_list_id = wanted["PrefixListId"]
        if wanted.get("CidrIpv6"):
            rule.ip_range = {**rule.ip_range, "CidrIpv6": wanted["CidrIpv6"]}
    return result


def move_routes(call: Call, endpoint: Any, before: set[str]) -> None:
    """A gateway endpoint has a route in each of its route tables; moto changes the list of tables alone."""
    backend, after = world.ec2(call), set(endpoint.route_table_ids or [])
    prefix_list = endpoint.destination_prefix_list_id
    for table in sorted(after - before):
        backend.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list)
    for table in sorted(before - after):
        backend.delete_route(table, prefix_list)
