"""Security groups and their rules; the default group that every VPC has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Read, Row
from herd.cloud.provider.rows.common import ec2_arn, ec2_find, ec2_tags, input_of
from herd.cloud.provider.scope import Scope

# Kind of source: the list in EC2's IpPermission, its member, and the input of an inline rule.
SOURCES = (
    ("IpRanges", "CidrIp", "cidrBlocks"),
    ("Ipv6Ranges", "CidrIpv6", "ipv6CidrBlocks"),
    ("PrefixListIds", "PrefixListId", "prefixListIds"),
    ("UserIdGroupPairs", "GroupId", "securityGroups"),
)
Permission = tuple[str, Any, Any, str, str, str]


def _protocol(value: Any) -> str:
    return {"-1": "-1", "all": "-1"}.get(str(value).lower(), str(value).lower())


def _ports(protocol: str, first: Any, last: Any) -> tuple[Any, Any]:
    return (0, 0) if protocol == "-1" else (first, last)


def wanted(rules: list[Mapping[str, Any]], own: str) -> set[Permission]:
    """Inline rules one source at a time: (protocol, from, to, list, source, description)."""
    found: set[Permission] = set()
    for rule in rules:
        protocol = _protocol(rule.get("protocol"))
        ports = _ports(protocol, rule.get("fromPort"), rule.get("toPort"))
        sources = [(kind, source) for kind, _, wire in SOURCES for source in rule.get(wire) or []]
        sources += [("UserIdGroupPairs", own)] if rule.get("self") else []
        found |= {(protocol, *ports, kind, source, rule.get("description") or "") for kind, source in sources}
    return found


def held(permissions: list[Mapping[str, Any]]) -> set[Permission]:
    """EC2's permissions one source at a time."""
    found: set[Permission] = set()
    for permission in permissions:
        protocol = _protocol(permission.get("IpProtocol"))
        ports = _ports(protocol, permission.get("FromPort"), permission.get("ToPort"))
        for kind, member, _ in SOURCES:
            for item in permission.get(kind) or []:
                found.add((protocol, *ports, kind, item[member], item.get("Description") or ""))
    return found


def _as_call(permission: Permission) -> dict[str, Any]:
    protocol, first, last, kind, source, description = permission
    member = next(m for k, m, _ in SOURCES if k == kind)
    item = {member: source, **({"Description": description} if description else {})}
    ports = {} if protocol == "-1" else {"FromPort": first, "ToPort": last}
    return {"IpProtocol": protocol, **ports, kind: [item]}


def _as_wire(permissions: set[Permission], own: str) -> Iterator[dict[str, Any]]:
    for protocol, first, last, kind, source, description in sorted(permissions, key=str):
        wire = next(w for k, _, w in SOURCES if k == kind)
        rule = {"protocol": protocol, "fromPort": first, "toPort": last, "description": description}
        yield {**rule, "self": True} if source == own else {**rule, wire: [source]}


def set_rules(scope: Scope) -> None:
    """Bring both directions in line with the inline rules; a group without any has none."""
    group = scope.run("describe_security_groups", GroupIds=[scope.id])["SecurityGroups"][0]
    for direction, member in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        want, have = wanted(scope.inputs.get(direction) or [], scope.id), held(group.get(member, []))
        # Rules of their own resources are left alone: a group whose program names no inline rules owns none.
        owned = have if scope.row is DEFAULT_GROUP or direction in {*scope.inputs, *scope.old} else set()
        if not scope.old and direction == "egress":
            owned = have
        for verb, permissions in (("revoke", owned - want), ("authorize", want - have)):
            if permissions:
                calls = [_as_call(p) for p in sorted(permissions, key=str)]
                scope.run(f"{verb}_security_group_{direction}", GroupId=scope.id, IpPermissions=calls)


def _read_rules(scope: Scope) -> None:
    for direction, member in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        have = held(scope.found.get(member, []))
        given = scope.inputs.get(direction)
        same = given is not None and wanted(given, scope.id) == have
        scope.outputs[direction] = given if same else list(_as_wire(have, scope.id))


def _always(scope: Scope) -> None:
    set_rules(scope)


READ = Read(
    Call("describe_security_groups", {"GroupIds": ["$id"]}),
    "SecurityGroups[0]",
    {"name": "GroupName", "ingress": "", "egress": ""},
)

SECURITY_GROUP = Row(
    type="aws:ec2/securityGroup:SecurityGroup",
    service="ec2",
    create=Call("create_security_group", takes=None),
    id="$result.GroupId",
    reads=(READ,),
    # revokeRulesOnDelete has a default, so this runs after every creation: EC2 adds an egress rule that allows all.
    updates=(Change(("ingress", "egress", "revokeRulesOnDelete"), _always, at_create=True),),
    delete=(Call("delete_security_group", {"GroupId": "$id"}),),
    names={"name": "GroupName", "ingress": "", "egress": ""},
    outputs={"arn": ec2_arn("security-group")},
    defaults={"description": "Managed by Pulumi", "revokeRulesOnDelete": False},
    name=AutoName(),
    tags=ec2_tags("security-group"),
    natural=True,
    find=ec2_find(
        "describe_security_groups",
        "SecurityGroups[].GroupId",
        {"group-name": "$inputs.name", "vpc-id": "$inputs.vpcId"},
    ),
    after_read=_read_rules,
    tells=("ingress", "egress"),
    fixed=("revokeRulesOnDelete",),
)

DEFAULT_GROUP = Row(
    type="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    service="ec2",
    create=Call(
        "describe_security_groups",
        {
            "Filters": [
                {"Name": "group-name", "Values": ["default"]},
                {"Name": "vpc-id", "Values": ["$inputs.vpcId"]},
            ]
        },
    ),
    id="$result.SecurityGroups[0].GroupId",
    reads=(READ,),
    updates=(Change(("ingress", "egress", "revokeRulesOnDelete"), _always, at_create=True),),
    names={"name": "GroupName", "ingress": "", "egress": ""},
    outputs={"arn": ec2_arn("security-group")},
    defaults={"revokeRulesOnDelete": False},
    tags=ec2_tags("security-group").adopting(),
    natural=True,
    after_read=_read_rules,
    tells=("ingress", "egress"),
    watched=("ingress", "egress"),
    fixed=("revokeRulesOnDelete",),
)

RULE_SOURCES = {
    "cidrIpv4": ("IpRanges", "CidrIp"),
    "cidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefixListId": ("PrefixListIds", "PrefixListId"),
    "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
}


def _permission(scope: Scope) -> list[dict[str, Any]]:
    given = scope.inputs
    permission = {
        "IpProtocol": given.get("ipProtocol"),
        "FromPort": given.get("fromPort"),
        "ToPort": given.get("toPort"),
    }
    for name, (kind, member) in RULE_SOURCES.items():
        if given.get(name) is not None:
            item = {member: given[name], "Description": given.get("description")}
            permission[kind] = [{k: v for k, v in item.items() if v is not None}]
    return [{k: v for k, v in permission.items() if v is not None}]


def _changed_rule(scope: Scope) -> list[dict[str, Any]]:
    given = scope.inputs
    rule = {
        "IpProtocol": given.get("ipProtocol"),
        "FromPort": given.get("fromPort", -1),
        "ToPort": given.get("toPort", -1),
        "CidrIpv4": given.get("cidrIpv4"),
        "CidrIpv6": given.get("cidrIpv6"),
        "PrefixListId": given.get("prefixListId"),
        "ReferencedGroupId": given.get("referencedSecurityGroupId"),
        "Description": given.get("description") or "",
    }
    return [{"SecurityGroupRuleId": scope.id, "SecurityGroupRule": {k: v for k, v in rule.items() if v is not None}}]


RULE_INPUTS = (*RULE_SOURCES, "description", "fromPort", "toPort", "ipProtocol")


def _tidy_rule(scope: Scope) -> None:
    """A rule for all protocols has no ports, whatever EC2 stores."""
    for port in ("fromPort", "toPort"):
        if scope.outputs.get("ipProtocol") == "-1" and port not in scope.inputs:
            scope.outputs.pop(port, None)


def _rule(direction: str) -> Row:
    title = direction.capitalize()
    return Row(
        type=f"aws:vpc/securityGroup{title}Rule:SecurityGroup{title}Rule",
        service="ec2",
        create=Call(
            f"authorize_security_group_{direction}",
            {"GroupId": "$inputs.securityGroupId", "IpPermissions": _permission},
        ),
        id="$result.SecurityGroupRules[0].SecurityGroupRuleId",
        reads=(
            Read(
                Call("describe_security_group_rules", {"SecurityGroupRuleIds": ["$id"]}),
                "SecurityGroupRules[0]",
                {
                    "securityGroupId": "GroupId",
                    "referencedSecurityGroupId": "ReferencedGroupInfo.GroupId",
                    "arn": "SecurityGroupRuleArn",
                },
            ),
        ),
        updates=(
            Change(
                RULE_INPUTS,
                (
                    Call(
                        "modify_security_group_rules",
                        {"GroupId": "$inputs.securityGroupId", "SecurityGroupRules": _changed_rule},
                    ),
                ),
            ),
        ),
        delete=(
            Call(
                f"revoke_security_group_{direction}",
                {"GroupId": input_of("securityGroupId"), "SecurityGroupRuleIds": ["$id"]},
            ),
        ),
        outputs={"arn": ec2_arn("security-group-rule"), "securityGroupRuleId": "$id"},
        tags=ec2_tags("security-group-rule"),
        find=ec2_find(
            "describe_security_group_rules",
            f"SecurityGroupRules[?IsEgress==`{str(direction == 'egress').lower()}`].SecurityGroupRuleId",
            {"group-id": "$inputs.securityGroupId"},
        ),
        after_read=_tidy_rule,
    )


INGRESS, EGRESS = _rule("ingress"), _rule("egress")
ROWS = (SECURITY_GROUP, DEFAULT_GROUP, INGRESS, EGRESS)
