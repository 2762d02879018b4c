"""Where a component is being built: the stack, its account and region, and what follows from its environment."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from components.base.checks import Refusals
from components.base.spec import Spec

PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
"""AWS partitions by region prefix; every other region is in `aws`. Source: AWS General Reference, ARNs."""


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

    @model_validator(mode="after")
    def _zones_are_the_regions_own(self) -> Self:
        refusals = Refusals("StackContext")
        pattern = re.compile(rf"{re.escape(self.region)}[a-z]")
        for position, zone in enumerate(self.availability_zones):
            if not pattern.fullmatch(zone):
                refusals.add(
                    f"availabilityZones.{position}",
                    f"{zone!r} is not an availability zone of {self.region}",
                    value=zone,
                    fix=f"zones are the region and one letter, such as {self.region}a",
                )
            if zone in self.availability_zones[:position]:
                refusals.add(f"availabilityZones.{position}", f"{zone} is listed twice", value=zone, fix="list it once")
        refusals.enforce()
        return self

    @property
    def partition(self) -> str:
        """The AWS partition of the region, as it stands in ARNs."""
        return next((name for prefix, name in PARTITIONS.items() if self.region.startswith(f"{prefix}-")), "aws")

    @property
    def durable(self) -> bool:
        """Whether state is protected and retained: in prod and nowhere else, so that the others stay disposable."""
        return self.environment is Environment.PROD
