"""HERD-P5: who may do or reach more is seen by whoever answers for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.plan import Operation, Plan, PlanRule
from policies.engine.rule import Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.access import iam
from policies.rules._shared.network import ingress

# What is made for something else, by the property that names it: new rights, if that is there already.
_FOR: Final = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "role",
    "aws:iam/rolePolicy:RolePolicy": "role",
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": "roleName",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "user",
    "aws:iam/userPolicy:UserPolicy": "user",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "group",
    "aws:iam/groupPolicy:GroupPolicy": "group",
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": "permissionSetArn",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "permissionSetArn",
    ingress.SECURITY_GROUP_RULE: "securityGroupId",
    ingress.INGRESS_RULE: "securityGroupId",
    ingress.NETWORK_ACL_RULE: "networkAclId",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "principalArn",
}


def check(operation: Operation, plan: Plan, facts: Facts) -> Iterator[Violation]:
    """What a role may do, and what reaches a network, grows by lines that read harmless in a diff."""
    old, new = operation.old, operation.new
    if new is None:
        return
    if old is None:
        owner = new.props.at(_FOR[new.type]) if new.type in _FOR else None
        # An owner that is itself new has an id that nobody knows yet: nothing there gets more than it had.
        if owner is not None and not owner.hidden and owner.present:
            yield Violation(new.props, f"{operation.name} gives {owner.text()} more than it has")
        return
    for grown in sorted(_grants(new) - _grants(old)):
        yield Violation(new.props, f"{operation.name} now allows {grown}")
    for gone in sorted(_denials(old) - _denials(new)):
        yield Violation(new.props, f"{operation.name} no longer denies {gone}")


def _grants(resource: Subject) -> set[str]:
    allowed = {_said(statement) for statement in iam.statements(resource) if statement.allows}
    for rule in ingress.ingress_rules(resource):
        sides = [*rule.cidrs(), *rule.prefix_lists(), *rule.groups()]
        if rule.allows:
            allowed |= {f"{side.text()} in by {rule.protocol} {_ports(rule)}" for side in sides}
    return allowed | {arn for node in iam.attached(resource) if (arn := node.text())}


def _denials(resource: Subject) -> set[str]:
    return {_said(statement) for statement in iam.statements(resource) if not statement.allows}


def _said(statement: iam.Statement) -> str:
    """A statement in the order of its parts, so that a reordered document is the same."""
    parts = []
    for key, node in sorted(statement.at.entries().items()):
        if key in ("Sid", "Effect"):
            continue
        value = node.plain()
        parts.append(f"{key} {', '.join(sorted(map(str, value))) if isinstance(value, list) else value}")
    return "; ".join(parts)


def _ports(rule: ingress.NetworkRule) -> str:
    ports = rule.ports
    return "without ports" if ports is None else f"{ports[0]}-{ports[1]}"


RULE: Final = PlanRule(
    id="HERD-P5",
    name="rights-widened-on-purpose",
    pack="plan",
    title="Wider rights and wider network access are approved by whoever answers for security",
    severity=everywhere(Severity.HIGH),
    types=tuple(dict.fromkeys((*iam.DOCUMENT_TYPES, *iam.ATTACHING_TYPES, *ingress.FIREWALL_TYPES, *_FOR))),
    properties=("policy", "assumeRolePolicy", "inlinePolicies", "ingress", "policyArn", "managedPolicyArns"),
    why=(
        "A statement more in a policy, a trust or a firewall is one line of a diff and all that an intruder needs; a"
        " review that isn't pointed at it passes over it."
    ),
    fix="Narrow it again, or get a waiver for this plan from whoever answers for security.",
    mappings={"reference": ("P5",)},
    check=check,
)
