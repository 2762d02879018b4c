"""Launch templates, the groups that use them, and which instance types come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, Reference, UnevaluatedError
from policies.rules._shared.naming import named
from policies.rules._shared.once import once_a_stack

TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP: Final = "aws:autoscaling/group:Group"
NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
GROUPS: Final = (GROUP, NODE_GROUP)
"""What machines of a launch template live in."""
EFA: Final = ("efa", "efa-only")
"""EC2's InterfaceType of interfaces with EFA."""


@dataclass(frozen=True)
class Use:
    """A place where a group names a launch template.

    Attributes:
        group: The group.
        block: The block with the template's id or name.
        instance_type: The type that an override of a mixed instances policy gives instead of the template's.
    """

    group: Subject
    block: Node
    instance_type: str | None = None

    def template(self, stack: Stack) -> Subject | None:
        """The template, None if it is outside the stack.

        Raises:
            UnevaluatedError: Its id is unknown.
        """
        for key in ("id", "launchTemplateId", "name", "launchTemplateName"):
            value = self.block.text(key)
            if value is None:
                continue
            found = stack.target(value)
            if found is not None and found.type == TEMPLATE:
                return found
            if key.lower().endswith("name"):
                return _by_symbol(value, stack) or named(self.block.at(key), stack, TEMPLATE)
        return None


def uses(group: Subject) -> Iterator[Use]:
    """Where a node group or an Auto Scaling group names launch templates: by itself, and in a policy's overrides."""
    for block in group.props.each("launchTemplate"):
        yield Use(group, block)
    for policy in group.props.each("mixedInstancesPolicy"):
        for template in policy.each("launchTemplate"):
            own = list(template.each("launchTemplateSpecification"))
            overrides = list(template.each("overrides"))
            for override in overrides:
                named = list(override.each("launchTemplateSpecification")) or own
                yield from (Use(group, block, override.literal("instanceType")) for block in named)
            if not overrides:
                yield from (Use(group, block) for block in own)


def templates_of(group: Subject, stack: Stack) -> tuple[Subject, ...]:
    """The launch templates of a group that are in the stack, each once."""
    found = (use.template(stack) for use in uses(group))
    return tuple(dict.fromkeys(template for template in found if template is not None))


def has_unseen_template(group: Subject, stack: Stack) -> bool:
    """Whether a group's machines are described outside the stack."""
    return any(use.template(stack) is None for use in uses(group))


def users_of(template: Subject, stack: Stack) -> tuple[Use, ...]:
    """Where groups of the stack name a template.

    Raises:
        UnevaluatedError: Some group's template is unknown, and may be this one.
    """
    index = _index(stack)
    if index.unsure is not None:
        raise index.unsure
    return tuple(index.uses.get(template.urn, ()))


def instance_types(template: Subject, stack: Stack) -> dict[str, Node]:
    """The instance types that machines of a template may have, each with the place that says so; empty if none says.

    Raises:
        UnevaluatedError: A type is unknown, or EC2 chooses types by requirements.
    """
    own = template.props.at("instanceType")
    name = own.literal()
    # EC2 matches types against requirements by itself: nobody knows which.
    _no_requirements(template.props.at("instanceRequirements"))
    found: dict[str, Node] = {}
    if name is not None:
        found[name] = own
    if name is not None and not any(stack.of_type(GROUP)):
        return found
    used = users_of(template, stack)
    overriding = [use for use in used if use.instance_type]
    if overriding and len(overriding) == len(used):
        found = {}
    for use in used:
        if use.instance_type:
            found[use.instance_type] = use.block
        if use.group.type == NODE_GROUP and name is None:
            found |= {text: use.group.props.at("instanceTypes") for text in use.group.props.texts("instanceTypes")}
    return found


def types_of_group(group: Subject, stack: Stack) -> dict[str, Node]:
    """The instance types that a group's machines may have; empty if nobody says, or another place does.

    Raises:
        UnevaluatedError: A type is unknown, or EC2 chooses types by requirements.
    """
    node = group.props.at("instanceTypes")
    found = dict.fromkeys(node.texts(), node)
    for use in uses(group):
        if use.instance_type:
            found[use.instance_type] = use.block
        elif (template := use.template(stack)) is not None:
            at = template.props.at("instanceType")
            if name := at.literal():
                found[name] = at
            _no_requirements(template.props.at("instanceRequirements"))
    return found


def efa_interfaces(template: Subject) -> tuple[Node, ...]:
    """The interfaces of a launch template that have EFA."""
    found = template.props.each("networkInterfaces")
    return tuple(node for node in found if (node.literal("interfaceType") or "").lower() in EFA)


def reserves(template: Subject) -> Node:
    """The place of a template that names a capacity reservation, or a group of them."""
    return template.props.at("capacityReservationSpecification", "capacityReservationTarget")


def market(template: Subject) -> str:
    """`spot`, `capacity-block` …; empty for on-demand machines."""
    return (template.props.literal("instanceMarketOptions", "marketType") or "").lower()


def placement(template: Subject) -> Node | None:
    """The place of a template that names a placement group, None if it names none."""
    for key in ("groupName", "groupId"):
        node = template.props.at("placement", key)
        if node.text():
            return node
    return None


def filled(node: Node) -> bool:
    """Whether a block says anything: `{}` and `[{}]` say nothing."""
    return any(entry.present for block in node.each() for entry in block.entries().values())


def _no_requirements(node: Node) -> None:
    if filled(node):
        raise UnevaluatedError(Reason.ABSENT, "EC2 chooses the instance types by requirements", node.path)


def _by_symbol(name: str, stack: Stack) -> Subject | None:
    """The template whose name is the same symbol: what made the name (a RandomPet) is neither of the two."""
    if not isinstance(name, Reference):
        return None
    return next((one for one in stack.of_type(TEMPLATE) if one.props.text("name") == name), None)


@dataclass
class _Index:
    uses: dict[str, list[Use]] = field(default_factory=dict)
    unsure: UnevaluatedError | None = None


@once_a_stack
def _index(stack: Stack) -> _Index:
    """Template -> its uses."""
    index = _Index()
    for group in stack.of_type(*GROUPS):
        try:
            for use in uses(group):
                template = use.template(stack)
                if template is not None:
                    index.uses.setdefault(template.urn, []).append(use)
        except UnevaluatedError as error:
            # Kept, and raised to whoever asks: no answer may leave it out.
            index.unsure = error
    return index
