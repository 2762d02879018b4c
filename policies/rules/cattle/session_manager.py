"""HERD-007: Session Manager is the only shell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, Reference, UnevaluatedError
from policies.rules._shared.boot import NODE_CLASSES
from policies.rules._shared.iam import ROLE, documents
from policies.rules._shared.ingress import SECURITY_GROUP
from policies.rules._shared.names import called, is_bastion
from policies.rules._shared.templates import NODE_GROUP

_PROFILE: Final = "aws:iam/instanceProfile:InstanceProfile"
_CONSOLE: Final = "aws:ec2/serialConsoleAccess:SerialConsoleAccess"
_POLICY: Final = "aws:iam/policy:Policy"
_ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
# Where roles are named as those of nodes, and where policies are given to roles: type -> (roles, policies).
_NODE_ROLES: Final = {
    _PROFILE: ("role", "roles"),
    NODE_GROUP: ("nodeRoleArn",),
    **dict.fromkeys(NODE_CLASSES, ("spec.role",)),
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


def _is_of_nodes(role: Subject, stack: Stack) -> bool:
    return any(_names(at, role) for at in _node_roles(stack))


@lru_cache(maxsize=4)
def _node_roles(stack: Stack) -> tuple[Node, ...]:
    return tuple(
        one
        for kind, keys in _NODE_ROLES.items()
        for subject in stack.of_type(kind)
        for key in keys
        for one in _each(subject.props.at(*key.split(".")))
    )


def _each(node: Node) -> tuple[Node, ...]:
    """A text, or the texts of a list. A hidden one stays as it is, for whoever reads it."""
    try:
        return (node,) if node.text() is not None else ()
    except UnevaluatedError as error:
        return (node,) if error.reason is not Reason.MISSHAPEN else tuple(node.each())


def _names(at: Node, role: Subject) -> bool:
    """Whether a property names a role: by reference, by name, by ARN."""
    text = at.text() or ""
    if isinstance(text, Reference):
        return text.owner == role.urn
    names = (role.props.text("name"), role.outputs.text("name"), role.outputs.text("id"))
    return text == role.outputs.text("arn") or text.rpartition("/")[2] in {name for name in names if name}


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
    unclear: UnevaluatedError | None = None
    for proof in (_managed(role), _inline(role), *_attached(role, stack)):
        try:
            if any(_opens(at, stack) for at in proof):
                return True
        except UnevaluatedError as error:
            unclear = unclear or error
    if unclear:
        raise unclear
    return False


def _managed(role: Subject) -> Iterator[Node | Subject]:
    yield from _each(role.props.at("managedPolicyArns"))


def _inline(role: Subject) -> Iterator[Node | Subject]:
    yield role


def _attached(role: Subject, stack: Stack) -> Iterator[Iterator[Node | Subject]]:
    for kind, (roles, policies) in _ATTACHMENTS.items():
        for attachment in stack.of_type(kind):
            yield _given(attachment, roles, policies, role)


def _given(attachment: Subject, roles: str, policies: str, role: Subject) -> Iterator[Node | Subject]:
    if any(_names(at, role) for at in _each(attachment.props.at(roles))):
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
