"""A recipe: what an image is made from and what is in it. One file an image, in `stacks/recipes`; keys are snake_case.

Like a release lock it says *what*; where it is built and who may use it stands in the stack file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from components.base.regions import Region
from components.base.validation import FieldPath, FieldProblemsError
from components.images.proofs import Proof
from components.images.steps import Download, Script, Step
from components.images.values import UNRESOLVED, Exact, Name, Path, Pinned
from components.release.spec import AmiId, Architecture, Origin


class System(StrEnum):
    """Operating systems that steps are rendered for."""

    AL2023 = "amazon-linux-2023"
    UBUNTU_2204 = "ubuntu-22.04"
    UBUNTU_2404 = "ubuntu-24.04"


class Parameter(Pinned):
    """A public SSM parameter that names one image and never another: its path holds the vendor's version."""

    kind: Literal["parameter"]
    parameter: Annotated[str, StringConstraints(pattern=r"^/aws/service/[\w./-]+$")]

    def __str__(self) -> str:
        return self.parameter


class Published(Pinned):
    """An image that a vendor publishes under a name alone. A trailing `*` stands for a build date.

    Attributes:
        owner: The vendor, by EC2's alias or its account.
        name: The image's name.
    """

    kind: Literal["image"]
    owner: Annotated[str, StringConstraints(pattern=r"^(amazon|aws-marketplace|\d{12})$")]
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9()\[\] ./'@_-]{3,127}\*?$")]

    def __str__(self) -> str:
        return f"{self.name} of {self.owner}"


Source = Annotated[Parameter | Published, Field(discriminator="kind")]


class Parent(Pinned):
    """The image that a recipe starts from, by id in each region it may be built in.

    Attributes:
        source: Where the id is looked up.
        ids: Region to image id; `unresolved` until it has been read there.
        resolved_from: Where the ids were read; absent while none has been.
    """

    source: Source
    ids: Annotated[dict[Region, AmiId], Field(min_length=1)]
    resolved_from: Origin | None = None

    @model_validator(mode="after")
    def _origin_is_told(self) -> Self:
        read = any(value != UNRESOLVED for value in self.ids.values())
        if read and self.resolved_from is None:
            raise FieldProblemsError([(("resolved_from",), "missing: say where the ids were read")])
        if not read and self.resolved_from is not None:
            raise FieldProblemsError([(("resolved_from",), "nothing is resolved: remove it")])
        return self


class Root(Pinned):
    """The image's root volume.

    Attributes:
        device: The parent's name of its root device.
        size_gib: Size in GiB: the smallest root volume a machine with this image can have.
    """

    device: Annotated[str, StringConstraints(pattern=r"^/dev/(xvda|sda1)$")]
    size_gib: Annotated[int, Field(ge=8, le=16000)]


class Item(Pinned):
    """One line of the bill of materials.

    Attributes:
        version: What is in the image; `unresolved` for what the parent brings and nobody has read there.
        origin: Whether the parent brings it or a step installs it.
        proof: How the image shows it. The build fails if it shows anything else. A version that the vendor gives in
            fewer parts than the image holds what starts with it.
    """

    version: Exact | Literal["unresolved"]
    origin: Literal["parent", "step"]
    proof: Proof

    @model_validator(mode="after")
    def _installed_is_known(self) -> Self:
        if self.version == UNRESOLVED and self.origin == "step":
            raise FieldProblemsError([(("version",), "unresolved: what a step installs has a version")])
        return self


class Part(Pinned):
    """A part of a recipe: one Image Builder component.

    Attributes:
        name: What it is about.
        build: What is done to the machine, in order.
        validate_with: Scripts that must succeed before the snapshot.
        test: Scripts that must succeed on a machine started from it.
    """

    name: Name
    build: tuple[Step, ...] = ()
    validate_with: Annotated[tuple[Script, ...], Field(alias="validate")] = ()
    test: tuple[Script, ...] = ()

    @model_validator(mode="after")
    def _steps_once(self) -> Self:
        phases = {"build": self.build, "validate": self.validate_with, "test": self.test}
        found: list[tuple[FieldPath, str]] = [
            ((phase, index, "name"), f"{step.name!r} is a step of this phase already")
            for phase, steps in phases.items()
            for index, step in enumerate(steps)
            if step.name in {other.name for other in steps[:index]}
        ]
        if not any(phases.values()):
            found.append((("build",), "does nothing"))
        if found:
            raise FieldProblemsError(found)
        return self


class Recipe(Pinned):
    """A recipe as it stands in its file.

    Attributes:
        description: For people; no part of the hash.
        system: The operating system: how packages are installed and held.
        architecture: Of the machines it is for.
        parent: What it starts from.
        root: Its root volume.
        bill_of_materials: What is in it, by name, in versions.
        parts: What is done to the parent, in order.
    """

    description: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    system: System
    architecture: Architecture
    parent: Parent
    root: Root
    bill_of_materials: Annotated[dict[Name, Item], Field(min_length=1)]
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        found: list[tuple[FieldPath, str]] = [
            (("parts", index, "name"), f"{part.name!r} is the name of another part too")
            for index, part in enumerate(self.parts)
            if part.name in (other.name for other in self.parts[:index])
        ]
        found += [
            (("parts", index, "name"), "is the name of the part that proves the bill of materials")
            for index, part in enumerate(self.parts)
            if part.name == BILL
        ]
        targets = Counter(step.to for part in self.parts for step in part.build if isinstance(step, Download))
        found += [
            (("parts",), f"two downloads go to {path}: the second would be taken for the first")
            for path, times in targets.items()
            if times > 1
        ]
        if found:
            raise FieldProblemsError(found)
        return self

    def files(self) -> Iterator[tuple[FieldPath, str]]:
        """The files of the repository that steps name, and where they are named."""
        for index, part in enumerate(self.parts):
            for phase, steps in (("build", part.build), ("validate", part.validate_with), ("test", part.test)):
                for position, step in enumerate(steps):
                    if source := getattr(step, "source", None):
                        yield ("parts", index, phase, position, "source"), source

    def unresolved(self, region: str) -> Iterator[tuple[FieldPath, str]]:
        """What nobody has looked up yet and a build in `region` needs: where it stands, and what it is."""
        if self.parent.ids.get(region, UNRESOLVED) == UNRESOLVED:
            yield ("parent", "ids", region), f"the parent's id in {region}"
        for name, item in self.bill_of_materials.items():
            if item.version == UNRESOLVED:
                yield ("bill_of_materials", name, "version"), f"the {name} that the parent brings"
        yield from (
            (path, f"the SHA-256 of {step.url}") for path, step in self.downloads() if step.sha256 == UNRESOLVED
        )

    def downloads(self) -> Iterator[tuple[FieldPath, Download]]:
        """The files that are fetched, and where each checksum stands."""
        for index, part in enumerate(self.parts):
            for position, step in enumerate(part.build):
                if isinstance(step, Download):
                    yield ("parts", index, "build", position, "sha256"), step


BILL = "bill"
"""The part that every recipe gets: it proves the bill of materials."""

__all__ = ["BILL", "Item", "Parameter", "Parent", "Part", "Path", "Published", "Recipe", "Root", "System"]
