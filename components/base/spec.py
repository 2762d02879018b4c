"""The base of every spec: a frozen value read from a stack file in camelCase, refusing what it doesn't know."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Spec(BaseModel):
    """What a person asks for: frozen, complete, no unknown keys; illegal states fail to build.

    Field names are snake_case in Python and camelCase in stack files and on the wire.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def wire(self) -> dict[str, Any]:
        """The spec as plain camelCase data: a component's ``props``, so that policies see the intent."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
