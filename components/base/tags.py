"""Names that AWS shows, and the tag that tells stacks apart. All other tags are the provider's default tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.base.context import StackContext

STACK_TAG = "stack"
"""The tag that tells one stack's resources and costs from every other's, also within one account."""


def name_tag(context: StackContext, *parts: str) -> dict[str, str]:
    """The `Name` tag, for resources that have no other name in AWS: `herd-dev-private-a`.

    The stack's own tags are not repeated here: the provider puts them on every resource.
    """
    return {"Name": "-".join((context.project, context.stack, *parts))}
