"""Where a component is being built: the stack, its account and region, and what follows from its environment."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.base.spec import Spec


class Environment(StrEnum):
    """The three environments; `test` is staging: production's shapes at a smaller size."""

    DEV = "dev"
    TEST = "test"
    PROD = "prod"


class StackContext(Spec):
    """The facts about a stack that every component may use."""

    project: str
    stack: str
    environment: Environment
    account: Annotated[str, Field(pattern=r"^\d{12}$")]
    region: str
    availability_zones: tuple[str, ...]
    tags: dict[str, str]

    @property
    def durable(self) -> bool:
        """Whether state is protected and retained: in prod and nowhere else, so that the others stay disposable."""
        return self.environment is Environment.PROD
