"""HERD-007: Session Manager is the only shell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, Reference, UnevaluatedError
from policies.rules._shared.access.iam import ROLE, documents
from policies.rules._shared.kubernetes.karpenter import EC2_NODE_CLASSES
from policies.rules._shared.machines.templates import NODE_GROUP
from policies.rules._shared.names import called, is_bastion
from policies.rules._shared.network.ingress import SECURITY_GROUP
from policies.rules._shared.once import once_a_stack

_PROFILE: Final = "aws:iam/instanceProfile:InstanceProfile"
_CONSOLE: Final = "aws:ec2/serialConsoleAccess:SerialConsoleAccess"
_POLICY: Final = "aws:iam/policy:Policy"
_ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
# Where roles are named as those of nodes, and where policies are given to roles: type -> (roles, policies).
_NODE_ROLES: Final = {
    _PROFILE: ("role", "roles"),
    NODE_GROUP: ("nodeRoleArn",),
    **dict.fromkeys(EC2_NODE_CLASSES, ("spec.role",)),
}
_ATTACHMENTS: Final = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("role", "policyArn"),
    "aws:iam/policyAttachment:PolicyAttachment": ("roles", "policyArn"),
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": ("roleName", "policyArns"),
    _ROLE_POLICY: ("role", ""),
}
# The older AmazonEC2RoleforSSM opens sessions too, and far more.
_GIVES_SESSIONS: Final = re.compile(
    r":policy/(service-role/)?(AmazonSSMManagedInstanceCore|AmazonEC2RoleforSSM|AmazonSSMManagedEC2InstanceDefaultPolicy)$"
)
_OF_AWS: Final = re.compile(r"^arn:[^:]*:iam::aws:policy/")
_SESSION: Final = "ssmmessages:OpenDataChannel"
_DEFAULT_MANAGEMENT: Final = "managed-instance/default-ec2-instance-management-role"


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Nodes can open sessions; nothing else leads into them."""
    if resource.type == SECURITY_GROUP:
        for at, name in called(resource):
            if is_bastion(name):
                yield Violation(at, f"{name}: a bastion is a second way in, with keys of its own", _NO_BASTION)
                break
    elif resource.type == _CONSOLE:
        if resource.props.flag("enabled", default=True):
            yield Violation(resource.props.at("enabled"), "opens every machine's serial console", _NO_CONSOLE)
    elif _is_of_nodes(resource, stack) and not _has_sessions(resource, stack):
        yield Violation(resource.props, "is the role of nodes, and lets nobody open a session on them")


_NO_BASTION: Final = "Delete the bastion and its security group; sessions go through Session Manager."
_NO_CONSOLE: Final = "Set enabled to false; sessions go through Session Manager."


@dataclass(frozen=True)
class _Index:
    """Who names which role: by reference, by name, by ARN.

    Attributes:
        by_key: Who, by the role's URN, name or ARN.
        hidden: Why one name can't be seen.
    """

    by_key: dict[str, list[Subject]]
    hidden: UnevaluatedError | None

    def of(self, role: Subject) -> tuple[Subject, ...]:
        """Those that surely name a role."""
        keys = dict.fromkeys((role.urn, *(role.outputs.text(key) for key in ("arn", "name", "id")), _name(role)))
        return tuple(dict.fromkeys(one for key in keys if key for one in self.by_key.get(key, ())))


def _name(role: Subject) -> str | None:
    try:
        return role.props.text("name")
    except UnevaluatedError:
        return None  # Whoever names it in a preview does so by reference, which is unknown too.


@once_a_stack
def _node_roles(stack: Stack) -> _Index:
    return _index(stack, _NODE_ROLES)


@once_a_stack
def _attachments(stack: Stack) -> _Index:
    return _index(stack, {kind: (roles,) for kind, (roles, _) in _ATTACHMENTS.items()})


def _index(stack: Stack, places: Mapping[str, tuple[str, ...]]) -> _Index:
    by_key: dict[str, list[Subject]] = {}
    hidden: UnevaluatedError | None = None
    for subject in stack.of_type(*places):
        for place in places[subject.type]:
            try:
                keys = {key for at in _each(subject.props.at(*place.split("."))) for key in _keys(at)}
            except UnevaluatedError as error:
                hidden = hidden or error
                continue
            for key in keys:
                by_key.setdefault(key, []).append(subject)
    return _Index(by_key, hidden)


def _keys(at: Node) -> tuple[str, ...]:
    text = at.text() or ""
    return (text.owner,) if isinstance(text, Reference) else (text, text.rpartition("/")[2])


def _is_of_nodes(role: Subject, stack: Stack) -> bool:
    index = _node_roles(stack)
    if index.of(role):
        return True
    if index.hidden:
        raise index.hidden
    return False


def _each(node: Node) -> tuple[Node, ...]:
    """A text, or the texts of a list. A hidden one stays as it is, for whoever reads it."""
    if node.is_list:
        return tuple(node.each())
    return (node,) if node.hidden or node.present else ()


def _has_sessions(role: Subject, stack: Stack) -> bool:
    """Whether any policy of a role lets the agent open sessions.

    Raises:
        UnevaluatedError: None does, and one is hidden or outside the stack.
    """
    if any(
        _DEFAULT_MANAGEMENT in (setting.props.text("settingId") or "")
        for setting in stack.of_type("aws:ssm/serviceSetting:ServiceSetting")
    ):
        return True
    index = _attachments(stack)
    unclear: UnevaluatedError | None = index.hidden
    for policy in (role, *_each(role.props.at("managedPolicyArns")), *_attached(role, index)):
        try:
            if _opens(policy, stack):
                return True
        except UnevaluatedError as error:
            unclear = unclear or error
    if unclear:
        raise unclear
    return False


def _attached(role: Subject, index: _Index) -> Iterator[Node | Subject]:
    """What is attached to a role: policies by ARN, and those that are written out."""
    for attachment in index.of(role):
        policies = _ATTACHMENTS[attachment.type][1]
        if policies:
            yield from _each(attachment.props.at(policies))
        else:
            yield attachment


def _opens(policy: Node | Subject, stack: Stack) -> bool:
    """Whether a policy, named by ARN or written out, lets the agent open sessions."""
    if isinstance(policy, Subject):
        return any(
            statement.allows and statement.grants(_SESSION)
            for document in documents(policy)
            if document.at.path[0] != "assumeRolePolicy"
            for statement in document.statements()
        )
    named = stack.named_by(policy)
    if named is not None and named.type == _POLICY:
        return _opens(named, stack)
    arn = policy.text() or ""
    if _GIVES_SESSIONS.search(arn):
        return True
    if not _OF_AWS.match(arn):
        raise UnevaluatedError(Reason.ABSENT, f"nobody knows what {arn} allows: it isn't in the stack", policy.path)
    return False


RULE: Final = GraphRule(
    id="HERD-007",
    name="session-manager-is-the-only-shell",
    pack="cattle",
    title="Session Manager is the only shell",
    severity=everywhere(Severity.MEDIUM),
    types=(ROLE, SECURITY_GROUP, _CONSOLE),
    properties=("managedPolicyArns", "name", "tags.Name", "enabled"),
    why=(
        "Somebody will need to look into a node. Session Manager knows who it is, asks IAM and logs what was typed;"
        " where nodes lack its policy, people bring bastions, keys and open ports instead."
    ),
    fix="Attach arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore to the role.",
    mappings={"config": ("EC2_INSTANCE_MANAGED_BY_SSM",), "fsbp": ("SSM.1",)},
    check=check,
)
