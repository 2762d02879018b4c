"""HERD-P5: who may do or reach more is seen by whoever answers for it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from policies.engine.facts import Facts
from policies.engine.plan import Operation, Plan, PlanRule
from policies.engine.rule import Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.access import coverage as documents
from policies.rules._shared.access import iam
from policies.rules._shared.network import coverage as firewalls
from policies.rules._shared.network import ingress
from policies.rules._shared.network.ingress import Direction
from policies.rules._shared.types import EKS_CLUSTER

_CLUSTER_ACCESS: Final = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
_ALL: Final = "the whole cluster"
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
    ingress.EGRESS_RULE: "securityGroupId",
    ingress.NETWORK_ACL_RULE: "networkAclId",
    _CLUSTER_ACCESS: "principalArn",
}


def check(operation: Operation, plan: Plan, facts: Facts) -> Iterator[Violation]:
    """What a role may do, and what reaches a network, grows by lines that read harmless in a diff."""
    old, new = operation.old, operation.new
    if operation.op == "import" and old is None:
        return  # what it gives it has given all along
    if new is None:
        if old is not None and not operation.retained and _is_for_another(old) and not _goes_with(old, plan):
            for gone in _denials(old):
                yield Violation(old.props, f"{operation.name} goes, and no longer denies {gone}")
        return
    if given := _given(operation, plan):
        yield Violation(new.props, f"{operation.name} gives {given} more than it has")
        return
    if old is None:
        return
    for grown in _wider(new, old, allowed=True):
        yield Violation(new.props, f"{operation.name} now allows {grown}")
    for gone in _wider(old, new, allowed=False):
        yield Violation(new.props, f"{operation.name} no longer denies {gone}")
    boundary = old.props.text("permissionsBoundary") if old.type == iam.ROLE else None
    if boundary and not new.props.has("permissionsBoundary"):
        yield Violation(new.props.at("permissionsBoundary"), f"{operation.name} is no longer bounded by {boundary}")


def _given(operation: Operation, plan: Plan) -> str | None:
    """Who, being there already, gets what is made new or moved to it."""
    old, new = operation.old, operation.new
    if new is None or new.type not in _FOR:
        return None
    owner = new.props.at(_FOR[new.type])
    # An owner that is itself new has an id that nobody knows yet: nothing there gets more than it had.
    if owner.hidden or not owner.present:
        return None
    name = owner.text()
    if name is None or name in _made(plan) or (old is not None and old.props.text(_FOR[new.type]) == name):
        return None
    denies = new.type == ingress.NETWORK_ACL_RULE and not any(rule.allows for rule in ingress.network_rules(new))
    return None if denies else name


@lru_cache(maxsize=1)
def _made(plan: Plan) -> frozenset[str]:
    """Names and ids of what a plan makes: a name that is chosen is known before there is anything."""
    new = (operation.new for operation in plan.operations if operation.op in ("create", "replace"))
    return frozenset(name for resource in new if resource is not None for name in _names(resource))


@lru_cache(maxsize=1)
def _gone(plan: Plan) -> frozenset[str]:
    """Names and ids of what a plan deletes."""
    old = (operation.old for operation in plan.operations if operation.op == "delete")
    return frozenset(name for resource in old if resource is not None for name in _names(resource))


def _names(resource: Subject) -> Iterator[str]:
    if _is_for_another(resource):
        return  # its id is often that of what it is for
    for place in (resource.props.at("name"), *(resource.outputs.at(key) for key in ("id", "name", "arn", "url"))):
        if not (place.hidden or place.is_map or place.is_list):
            yield from filter(None, [place.text()])


def _is_for_another(resource: Subject) -> bool:
    """Whether it is a policy or a rule of something that names it nowhere."""
    return resource.type in _FOR or (resource.type.endswith("Policy") and resource.type != "aws:iam/policy:Policy")


def _goes_with(old: Subject, plan: Plan) -> bool:
    """Whether what a policy or a rule is for goes as well."""
    values = [node for node in old.props.entries().values() if not (node.hidden or node.is_map or node.is_list)]
    return any(value.text() in _gone(plan) for value in values if value.present)


def _wider(new: Subject, old: Subject, *, allowed: bool) -> Iterator[str]:
    """What of the first the second doesn't cover."""
    statements = ([s for s in iam.statements(one) if s.allows is allowed] for one in (new, old))
    yield from sorted(map(_said, documents.uncovered(*statements)))
    for way in Direction:
        yield from map(str, firewalls.uncovered(*(firewalls.ways(one, way, allowed=allowed) for one in (new, old))))
    if allowed:
        before = _policies(old)
        everywhere_before = {policy for policy, _, place in (one.partition(" in ") for one in before) if place == _ALL}
        yield from sorted(one for one in _policies(new) - before if one.partition(" in ")[0] not in everywhere_before)


def _denials(resource: Subject) -> Iterator[str]:
    yield from sorted(_said(statement) for statement in iam.statements(resource) if not statement.allows)
    for way in Direction:
        yield from map(str, firewalls.ways(resource, way, allowed=False))


def _policies(resource: Subject) -> set[str]:
    """Managed policies, and those of a cluster with the namespaces they hold in."""
    if resource.type != _CLUSTER_ACCESS:
        return {arn for node in iam.attached(resource) if (arn := node.text())}
    policy, spaces = resource.props.text("policyArn"), resource.props.texts("accessScope", "namespaces")
    return {f"{policy} in {space}" for space in spaces or (_ALL,)}


def _said(statement: iam.Statement) -> str:
    """A statement in the order of its parts, so that a reordered document is the same."""
    parts = []
    for key, node in sorted(statement.at.entries().items()):
        if key in ("Sid", "Effect"):
            continue
        value = node.plain()
        parts.append(f"{key} {', '.join(sorted(map(str, value))) if isinstance(value, list) else value}")
    return "; ".join(parts)


RULE: Final = PlanRule(
    id="HERD-P5",
    name="rights-widened-on-purpose",
    pack="plan",
    title="Wider rights and wider network access are approved by whoever answers for security",
    severity=everywhere(Severity.HIGH),
    types=tuple(
        dict.fromkeys((*iam.DOCUMENT_TYPES, *iam.ATTACHING_TYPES, *ingress.FIREWALL_TYPES, EKS_CLUSTER, *_FOR))
    ),
    properties=(
        "policy",
        "assumeRolePolicy",
        "inlinePolicies",
        "ingress",
        "egress",
        "vpcConfig",
        "policyArn",
        "managedPolicyArns",
    ),
    why=(
        "A statement more in a policy, a trust or a firewall is one line of a diff and all that an intruder needs; a"
        " review that isn't pointed at it passes over it."
    ),
    fix="Narrow it again, or get a waiver for this plan from whoever answers for security.",
    mappings={"reference": ("P5",)},
    check=check,
)
