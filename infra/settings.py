"""What a stack file says: how much and where. One typed model, composed of the components' own specs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from components.base.context import Environment, StackContext
from components.base.regions import Region
from components.base.spec import Spec
from components.budget.spec import BudgetSpec
from components.capacity.spec import Reservations
from components.gpu_cluster.spec import Pools
from components.images.spec import ImagesSpec
from components.k8s_platform.spec import ClusterSpec
from components.network.spec import NetworkSpec
from components.registry.spec import RegistrySpec
from components.storage.spec import StorageSpec


class Fidelity(StrEnum):
    """How real a run is. `herd` passes the value; plain `pulumi` runs with the default, the strictest.

    `rehearse` takes values that were read from a stand-in, and images to mirror whose digest nobody has read, since
    none is copied; `render` takes everything that nobody has looked up.
    """

    REAL = "real"
    REHEARSE = "rehearse"
    RENDER = "render"


class DataClass(StrEnum):
    """How sensitive the data of a stack is."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


# Local and Wavelength zones (us-west-2-lax-1a) lack most of what the foundation makes: only a region's own zones.
Zone = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d[a-z]$")]
ZoneId = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}\d-az\d+$")]
TagValue = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[\w .:/=+@-]*$")]


class Tags(Spec):
    """The tags a person chooses, spelled as they are on AWS. Values: AWS's own limits (256 characters)."""

    owner: TagValue
    team: TagValue
    cost_centre: Annotated[TagValue, Field(alias="cost-centre")]
    data_class: Annotated[DataClass, Field(alias="data-class")]
    # How long the stack may live without being renewed: 12h, 14d. For stacks that may be cleaned up.
    ttl: Annotated[str, StringConstraints(pattern=r"^[1-9]\d*[hd]$")] | None = None


class Settings(Spec):
    """A whole stack file.

    Attributes:
        zone_ids: Zone ids by zone name, where the account's differ from the catalogue's: us-west-2a isn't the same
            place in every account.
        images: Golden images built here; None for a stack that builds none.
        reservations: What is reserved, by the name that pools know it by.
        cluster: The Kubernetes cluster; None for a stack without.
        pools: The cluster's node pools.
        release: The release lock that the stack runs; None for the foundation alone. A generation names its own.
    """

    environment: Environment
    account: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    region: Region
    replica_region: Region | None = None
    availability_zones: Annotated[tuple[Zone, ...], Field(min_length=3)]
    tags: Tags
    network: NetworkSpec
    registry: RegistrySpec
    storage: StorageSpec
    budget: BudgetSpec
    zone_ids: dict[Zone, ZoneId] = Field(default_factory=dict)
    images: ImagesSpec | None = None
    reservations: Reservations = Field(default_factory=dict)
    cluster: ClusterSpec | None = None
    pools: Pools = Field(default_factory=dict)
    release: str | None = None

    def context(self, project: str, stack: str) -> StackContext:
        """The facts every component may use. The release is no part of them: the foundation must not change with it."""
        return StackContext(
            project=project,
            stack=stack,
            environment=self.environment,
            account=self.account,
            region=self.region,
            availability_zones=self.availability_zones,
            tags={
                "project": project,
                "stack": stack,
                "environment": self.environment,
                **self.tags.model_dump(mode="json", by_alias=True, exclude_none=True),
            },
        )
