"""Tags and names: what the provider puts on every resource, and the name that AWS consoles show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.base.context import StackContext

STACK_TAG = "stack"
"""The tag that tells one stack's resources (and costs) from every other's, also within one account."""


def stack_identity(context: StackContext) -> str:
    """The value of the stack tag: project and stack, unique wherever costs and orphans are looked for."""
    return f"{context.project}-{context.stack}"


def provider_tags(context: StackContext) -> dict[str, str]:
    """The AWS provider's default tags: the stack file's own and the stack's identity.

    Resources don't repeat these: a component sets only what is a resource's own, such as its `Name`.
    """
    return {**context.tags, STACK_TAG: stack_identity(context)}


def name_tag(context: StackContext, *parts: str) -> dict[str, str]:
    """The `Name` tag, shown by AWS where a resource has no name of its own: `herd-dev-private-a`."""
    return {"Name": "-".join((context.project, context.stack, *parts))}
