"""A release lock: what runs. Content-hashed, never edited, the only thing that is promoted.

Keys are snake_case here, as they stand in the file. A value nobody has read from where it lives is `unresolved`.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from components.base.regions import Region
from components.base.spec import Spec
from components.base.validation import FieldPath, FieldProblemsError

UNRESOLVED: Final = "unresolved"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=64)]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# Source: EC2 API, ImageId: 8 or 17 hex digits.
AmiId = Annotated[str, StringConstraints(pattern=r"^(ami-([0-9a-f]{8}|[0-9a-f]{17})|unresolved)$")]
Digest = Annotated[str, StringConstraints(pattern=r"^(sha256:[0-9a-f]{64}|unresolved)$")]
Version = Annotated[str, StringConstraints(pattern=r"^v?\d+(\.\d+)*([-+.][0-9A-Za-z.-]+)?$")]


class Origin(StrEnum):
    """Where a value was read: AWS, the upstream registry or chart repository itself, or a stand-in for either."""

    AWS = "aws"
    UPSTREAM = "upstream"
    STAND_IN = "stand-in"


class Architecture(StrEnum):
    """Processor architectures, spelled as EC2 spells them."""

    X86_64 = "x86_64"
    ARM64 = "arm64"


class _Locked(BaseModel):
    """A part of a lock: frozen, complete, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    resolved_from: Origin | None = None

    def values(self) -> Iterator[tuple[FieldPath, str]]:
        """The looked-up values and where they stand."""
        yield from ()

    @model_validator(mode="after")
    def _origin_is_told(self) -> Self:
        resolved = [path for path, value in self.values() if value != UNRESOLVED]
        if resolved and self.resolved_from is None:
            raise FieldProblemsError([(("resolved_from",), "missing: say where the values were read")])
        if not resolved and self.resolved_from is not None:
            raise FieldProblemsError([(("resolved_from",), "nothing is resolved: remove it")])
        return self


class _Ami(_Locked):
    architecture: Architecture
    ids: Annotated[dict[Region, AmiId], Field(min_length=1)]

    def values(self) -> Iterator[tuple[FieldPath, str]]:
        yield from ((("ids", region), value) for region, value in self.ids.items())


class VendorAmi(_Ami):
    """An image that AWS or a vendor publishes.

    Attributes:
        recipe_hash: None: nobody here knows its recipe.
        source: The public SSM parameter that names it.
    """

    provenance: Literal["vendor"]
    recipe_hash: None = None
    source: Annotated[str, StringConstraints(pattern=r"^/aws/service/[\w./-]+$")]


class RecipeAmi(_Ami):
    """An image built here.

    Attributes:
        recipe_hash: SHA-256 of the recipe it was built from.
        bill_of_materials: What is inside, by name (driver, cuda, efa, kernel, enroot, pyxis), in versions.
    """

    provenance: Literal["recipe"]
    recipe_hash: Hash
    bill_of_materials: Annotated[dict[Name, Version], Field(min_length=1)]


Ami = Annotated[VendorAmi | RecipeAmi, Field(discriminator="provenance")]


class Image(_Locked):
    """A container image: `repository` with its registry's host, the tag it was looked up by, its digest."""

    repository: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$")]
    # A counted repeat of \w takes pydantic 80 ms to compile: the length is a limit of its own.
    tag: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", max_length=128)]
    digest: Digest

    def values(self) -> Iterator[tuple[FieldPath, str]]:
        """The digest."""
        yield ("digest",), self.digest


class Chart(_Locked):
    """A Helm chart in a chart repository (`https://`) or a registry (`oci://`)."""

    repository: Annotated[str, StringConstraints(pattern=r"^(https|oci)://[a-z0-9.-]+(:\d+)?(/[\w./-]*)?$")]
    chart: Name
    version: Version
    digest: Digest

    def values(self) -> Iterator[tuple[FieldPath, str]]:
        """The digest."""
        yield ("digest",), self.digest


Addons = dict[Name, Annotated[str, StringConstraints(pattern=r"^v\d+(\.\d+)*(-eksbuild\.\d+)?$")]]
"""EKS add-ons and their versions, as EKS names them: vpc-cni, v1.20.4-eksbuild.1."""


class Versions(BaseModel):
    """Versions that are no file of their own: Kubernetes as EKS names it, ParallelCluster, Slurm."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kubernetes: Annotated[str, StringConstraints(pattern=r"^1\.\d+$")] | None = None
    parallelcluster: Version | None = None
    slurm: Version | None = None


class Lock(BaseModel):
    """The content of a lock."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1]
    amis: dict[Name, Ami] = Field(default_factory=dict)
    images: dict[Name, Image] = Field(default_factory=dict)
    charts: dict[Name, Chart] = Field(default_factory=dict)
    addons: Addons = Field(default_factory=dict)
    versions: Versions = Versions()

    def parts(self) -> Iterator[tuple[tuple[str, str], VendorAmi | RecipeAmi | Image | Chart]]:
        """Everything that holds looked-up values, by section and name."""
        for section in ("amis", "images", "charts"):
            part: Any
            for name, part in getattr(self, section).items():
                yield (section, name), part


class LockFile(BaseModel):
    """A lock as it stands in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: Hash
    content: Lock


class Release(BaseModel):
    """A lock that was read and verified.

    Attributes:
        name: Alias and the start of the hash.
        sha256: The hash of the content.
        lock: The content.
        shown: The file, as people know it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str
    lock: Lock
    shown: str

    @property
    def alias(self) -> str:
        """What people call the release."""
        return self.name.rpartition("-")[0]


class AmiPin(Spec):
    """One image in one region."""

    id: str
    architecture: Architecture
    provenance: Literal["vendor", "recipe"]
    recipe_hash: str | None
    bill_of_materials: dict[str, str] = Field(default_factory=dict)


class ReleaseSpec(Spec):
    """A release as one region sees it.

    Attributes:
        name: The lock's name.
        sha256: The hash of its whole content.
        amis: Images of machines, by logical name.
        images: Container images, pinned: `REPOSITORY@DIGEST`.
        charts: Charts, pinned: `REPOSITORY/CHART:VERSION@DIGEST`.
        addons: EKS add-ons and their versions.
        versions: Versions by what they are of.
    """

    name: str
    sha256: str
    amis: dict[str, AmiPin]
    images: dict[str, str]
    charts: dict[str, str]
    addons: dict[str, str] = Field(default_factory=dict)
    versions: dict[str, str]
