"""The base of every spec: a frozen value read from a stack file in camelCase, refusing what it doesn't know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from components.base.context import StackContext
    from components.base.problems import Problem


class Spec(BaseModel):
    """What a person asks for: frozen, complete, no unknown keys; illegal states fail to build.

    Field names are snake_case in Python and camelCase in stack files and on the wire.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def wire(self) -> dict[str, Any]:
        """The spec as plain camelCase data: a component's ``props``, so that policies see the intent."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def problems(self, context: StackContext) -> list[Problem]:
        """What is wrong with the spec in this stack: checks that need its region, zones or tags.

        Fields are camelCase and relative to the spec; whoever knows the file adds it and the line.
        """
        del context
        return []
