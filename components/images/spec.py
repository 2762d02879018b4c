"""Where images are built and who may use them: the stack's half. What is in them stands in `stacks/recipes`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from components.base.context import StackContext
from components.base.problems import Problem
from components.base.regions import Region
from components.base.spec import Spec
from components.base.validation import FieldPath, FieldProblemsError, dotted
from components.keys.spec import AccountId, LinkedRole
from components.release.spec import Name

InstanceTypeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$")]
RecipeFile = Annotated[str, StringConstraints(pattern=r"^[\w./ -]+\.recipe\.yaml$")]


class BuildSpec(Spec):
    """How one recipe is built.

    Attributes:
        instance_types: Machines that build and test the image, whichever is to be had; with a GPU where the recipe's
            tests look at one.
        build: `on-change` builds during `up`, once a recipe hash; `by-hand` makes a pipeline that people start.
        file: The recipe's file; without one it is the recipe of this name in stacks/recipes.
    """

    instance_types: Annotated[tuple[InstanceTypeName, ...], Field(min_length=1)]
    build: Literal["on-change", "by-hand"] = "on-change"
    file: RecipeFile | None = None


class ImagesSpec(Spec):
    """Images built in this stack's account and region. There is no schedule and nothing is ever deleted by itself.

    Attributes:
        recipes: The recipes that are built, by name.
        availability_zone: Zone of the machines that build; the stack's first without one.
        accounts: Other accounts that start machines from the images, here and in `regions`.
        regions: Other regions of this account that get a copy.
        machine_roles: Service-linked roles that start machines from the images.
        scan: Whether Amazon Inspector looks for vulnerabilities in each image; the account must have it switched on.
        test_minutes: Longest test of an image (60 to 1440; Image Builder).
        log_days: Days that logs of builds are kept.
        key_rotation_days: Days between rotations of the images' keys (90 to 2560).
    """

    recipes: Annotated[dict[Name, BuildSpec], Field(min_length=1)]
    availability_zone: str | None = None
    accounts: tuple[AccountId, ...] = ()
    regions: tuple[Region, ...] = ()
    machine_roles: Annotated[tuple[LinkedRole, ...], Field(min_length=1)] = ("autoscaling",)
    scan: bool = True
    test_minutes: Annotated[int, Field(ge=60, le=1440)] = 120
    log_days: Annotated[int, Field(ge=1, le=3650)] = 90
    key_rotation_days: Annotated[int, Field(ge=90, le=2560)] = 365

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        lists = {"accounts": self.accounts, "regions": self.regions, "machineRoles": self.machine_roles}
        found: list[tuple[FieldPath, str]] = [
            ((field, index), "is named already")
            for field, items in lists.items()
            for index, item in enumerate(items)
            if item in items[:index]
        ]
        if found:
            raise FieldProblemsError(found)
        return self

    def problems(self, context: StackContext) -> list[Problem]:
        """What doesn't fit the stack: its account, its region, its zones."""
        found: list[tuple[FieldPath, str]] = []
        if context.account in self.accounts:
            found.append((("accounts", self.accounts.index(context.account)), "is this account, which owns the images"))
        if context.region in self.regions:
            found.append((("regions", self.regions.index(context.region)), "is where the images are built anyway"))
        if self.availability_zone and self.availability_zone not in context.availability_zones:
            zones = ", ".join(context.availability_zones)
            found.append((("availabilityZone",), f"{self.availability_zone!r} isn't one of the stack's zones: {zones}"))
        return [Problem("", 0, dotted(path), message) for path, message in found]

    def zone(self, context: StackContext) -> str:
        """The zone of the machines that build."""
        return self.availability_zone or context.availability_zones[0]

    def file_of(self, name: str) -> str:
        """What `load_recipe` takes for a recipe of this stack."""
        return self.recipes[name].file or name
