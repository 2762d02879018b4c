"""The base of every component: a typed token, intent as props, child options made fresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi

from components.base.context import StackContext
from components.base.problems import InvalidInputError
from components.base.spec import Spec


class HerdComponent(pulumi.ComponentResource):
    """A component resource that only registers what was derived.

    Subclasses set `token`, call `super().__init__` with their spec, make children with `self.child(...)` or
    `self.state(...)` and end with `self.register_outputs`.

    Attributes:
        token: The Pulumi type, `herd:<folder>:<Class>`.
        context: The stack the component is built for.
    """

    token: ClassVar[str]

    def __init__(
        self,
        name: str,
        spec: Spec,
        context: StackContext,
        *,
        inputs: Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the component with its spec, and any inputs from other components, as props.

        Raises:
            InvalidInputError: The spec doesn't fit the stack (its region, zones or tags).
        """
        if problems := spec.problems(context):
            raise InvalidInputError(problems)
        super().__init__(self.token, name, {**spec.wire(), **(inputs or {})}, opts)
        self.context = context

    def child(
        self,
        *,
        depends_on: Sequence[pulumi.Resource] | None = None,
        aliases: Sequence[pulumi.Alias] | None = None,
        delete_before_replace: bool | None = None,
        ignore_changes: Sequence[str] | None = None,
        replace_on_changes: Sequence[str] | None = None,
        provider: pulumi.ProviderResource | None = None,
        parent: pulumi.Resource | None = None,
    ) -> pulumi.ResourceOptions:
        """Options of a child that can be made again at any time."""
        # Merging the parent's own options into a child's copies its aliases and protect: always start fresh.
        return pulumi.ResourceOptions(
            parent=parent or self,
            depends_on=list(depends_on) if depends_on else None,
            aliases=list(aliases) if aliases else None,
            delete_before_replace=delete_before_replace,
            ignore_changes=list(ignore_changes) if ignore_changes else None,
            replace_on_changes=list(replace_on_changes) if replace_on_changes else None,
            provider=provider,
        )

    def state(self, **options: Any) -> pulumi.ResourceOptions:
        """Options of a child that holds what must not be lost: protected and retained in prod, disposable elsewhere."""
        opts = self.child(**options)
        if self.context.durable:
            opts.protect = True
            opts.retain_on_delete = True
        return opts
