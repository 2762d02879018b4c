"""Home directories: FSx for OpenZFS, EFS, or one of either that exists already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from components.base.spec import Spec
from components.base.validation import FieldPath, FieldProblemsError
from components.storage.names import (
    AutomaticBackup,
    FileSystemId,
    Name,
    NightlyBackup,
    NoBackup,
    ServiceBackup,
    WeeklyTime,
    Zone,
    text,
)

DeploymentType = Literal["SINGLE_AZ_1", "SINGLE_AZ_2", "SINGLE_AZ_HA_1", "SINGLE_AZ_HA_2", "MULTI_AZ_1"]
# MB/s by deployment type. Source: FSx API, CreateFileSystemOpenZFSConfiguration, ThroughputCapacity.
FIRST_GENERATION: Final = (64, 128, 256, 512, 1024, 2048, 3072, 4096)
SECOND_GENERATION: Final = (160, 320, 640, 1280, 2560, 3840, 5120, 7680, 10240)
THROUGHPUT: Final[Mapping[DeploymentType, tuple[int, ...]]] = {
    "SINGLE_AZ_1": FIRST_GENERATION,
    "SINGLE_AZ_HA_1": FIRST_GENERATION,
    "SINGLE_AZ_2": SECOND_GENERATION,
    "SINGLE_AZ_HA_2": SECOND_GENERATION,
    "MULTI_AZ_1": SECOND_GENERATION,
}
ZONES: Final[Mapping[DeploymentType, int]] = {kind: 2 if kind == "MULTI_AZ_1" else 1 for kind in THROUGHPUT}
# SSD IOPS that come with each GiB; less can't be provisioned. Source: FSx API, DiskIopsConfiguration.
IOPS_PER_GIB: Final = 3
MAX_CLIENTS: Final = 25  # Source: FSx API, OpenZFSNfsExport


def _client(value: str) -> str:
    if value != "*":
        try:
            IPv4Network(value)
        except ValueError as error:
            raise ValueError(f"expected '*', an address or a block such as 10.20.0.0/16: {error}") from None
    return value


PosixId = Annotated[int, Field(ge=0, le=4294967295)]  # Source: EFS API, Uid and Gid
Permissions = Annotated[str, text(r"[0-7]{3,4}", "an octal mode in quotes, such as '0755'")]
AccessPointId = Annotated[str, text(r"fsap-[0-9a-f]{8,40}", "an access point id such as fsap-0123456789abcdef0")]
Client = Annotated[str, AfterValidator(_client)]


class OpenZfsHomes(Spec):
    """An FSx for OpenZFS file system that the stack owns.

    Attributes:
        deployment_type: `*_HA_*` has a standby in the same zone; `MULTI_AZ_1` in a second zone.
        availability_zones: One zone, or two with the preferred one first (MULTI_AZ_1).
        storage_capacity: GiB (64 to 524288).
        throughput_capacity: MB/s, on the deployment type's grid.
        disk_iops: SSD IOPS; none takes the 3 per GiB that come with the capacity.
        data_compression_type: Of the root volume.
        record_size: KiB, of the root volume.
        clients: Who may mount: addresses, CIDRs, or `*` (the security group still decides who can connect).
        root_squash: Whether root on clients is an ordinary user here; off lets a head node make home directories.
        weekly_maintenance_start_time: d:HH:MM in UTC, 1 = Monday.
        backup: How it is kept safe.
    """

    kind: Literal["openzfs"]
    deployment_type: DeploymentType = "SINGLE_AZ_HA_2"
    availability_zones: tuple[Zone, ...]
    storage_capacity: Annotated[int, Field(ge=64, le=524288)]
    throughput_capacity: int = 320
    disk_iops: int | None = None
    data_compression_type: Literal["LZ4", "ZSTD", "NONE"] = "LZ4"
    record_size: Literal[4, 8, 16, 32, 64, 128, 256, 512, 1024] = 128
    clients: tuple[Client, ...] = ("*",)
    root_squash: bool = True
    weekly_maintenance_start_time: WeeklyTime = "7:03:30"
    backup: Annotated[NightlyBackup | AutomaticBackup | NoBackup, Field(discriminator="kind")] = NightlyBackup()

    @model_validator(mode="after")
    def _offered_by_aws(self) -> Self:
        if found := list(self._findings()):
            raise FieldProblemsError(found)
        return self

    def _findings(self) -> Iterator[tuple[FieldPath, str]]:
        grid, zones = THROUGHPUT[self.deployment_type], ZONES[self.deployment_type]
        if self.throughput_capacity not in grid:
            yield (
                ("throughputCapacity",),
                (
                    f"{self.throughput_capacity} MB/s isn't offered for {self.deployment_type}: "
                    f"{', '.join(map(str, grid))}"
                ),
            )
        if len(self.availability_zones) != zones or len(set(self.availability_zones)) != zones:
            wanted = "two different zones, the preferred one first" if zones > 1 else "one zone"
            yield ("availabilityZones",), f"{self.deployment_type} needs {wanted}"
        if not 1 <= len(self.clients) <= MAX_CLIENTS:
            yield ("clients",), f"{len(self.clients)} entries: 1 to {MAX_CLIENTS}"
        least = self.storage_capacity * IOPS_PER_GIB
        if self.disk_iops is not None and self.disk_iops < least:
            yield (
                ("diskIops",),
                (
                    f"{self.disk_iops} is less than the {least} IOPS that come with {self.storage_capacity} GiB: "
                    f"at least {least}, or leave it out"
                ),
            )


class ElasticThroughput(Spec):
    """Throughput follows the load and is paid by use."""

    mode: Literal["elastic"] = "elastic"


class BurstingThroughput(Spec):
    """Throughput grows with what is stored, with credits."""

    mode: Literal["bursting"] = "bursting"


class ProvisionedThroughput(Spec):
    """Throughput as given, in MiB/s (1 to 3414; EFS API, ProvisionedThroughputInMibps)."""

    mode: Literal["provisioned"] = "provisioned"
    mibps: Annotated[int, Field(ge=1, le=3414)]


# Days without access. Source: EFS API, TransitionToIARules and TransitionToArchiveRules.
IdleDays = Literal[1, 7, 14, 30, 60, 90, 180, 270, 365]


class PosixUser(Spec):
    """Who every client of an access point is, whatever it says; at most 16 secondary groups."""

    uid: PosixId
    gid: PosixId
    secondary_gids: Annotated[tuple[PosixId, ...], Field(max_length=16)] = ()


class AccessPoint(Spec):
    """A directory that clients see as the root.

    Attributes:
        path: The directory; made at the first mount if it is missing.
        owner_uid: Who owns it if it is made.
        owner_gid: Its group if it is made.
        permissions: Its mode, in octal, if it is made.
        user: Who clients are; none leaves the ids that clients send (homes of many people).
    """

    # Four levels at most, none starting with a dot. Source: EFS API, RootDirectory.
    path: Annotated[
        str,
        text(
            r"/[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*){0,3}",
            "an absolute path of one to four directories, such as /home",
        ),
    ]
    owner_uid: PosixId = 0
    owner_gid: PosixId = 0
    permissions: Permissions = "0755"
    user: PosixUser | None = None


class EfsHomes(Spec):
    """An EFS file system that the stack owns, with a mount target in each zone.

    Attributes:
        throughput: Elastic, bursting or provisioned.
        transition_to_ia: Days without access before a file goes to Infrequent Access.
        transition_to_archive: Days without access before it goes to Archive (elastic throughput only).
        return_on_access: Whether a file comes back to Standard when it is read.
        access_points: The ways in; with any, the file system can't be mounted around them.
        root_access: Whether root on clients is root here; lets a head node make home directories.
        backup: How it is kept safe.
    """

    kind: Literal["efs"]
    throughput: Annotated[
        ElasticThroughput | BurstingThroughput | ProvisionedThroughput, Field(discriminator="mode")
    ] = ElasticThroughput()
    transition_to_ia: IdleDays | None = 30
    transition_to_archive: IdleDays | None = None
    return_on_access: bool = True
    access_points: dict[Name, AccessPoint] = Field(default_factory=dict)
    root_access: bool = False
    backup: Annotated[NightlyBackup | ServiceBackup | NoBackup, Field(discriminator="kind")] = NightlyBackup()

    @model_validator(mode="after")
    def _offered_by_aws(self) -> Self:
        if found := list(self._findings()):
            raise FieldProblemsError(found)
        return self

    def _findings(self) -> Iterator[tuple[FieldPath, str]]:
        archive, idle = self.transition_to_archive, self.transition_to_ia
        if archive is not None and self.throughput.mode != "elastic":
            yield ("transitionToArchive",), "EFS has the Archive class with elastic throughput only"
        if archive is not None and (idle is None or archive <= idle):
            yield (
                ("transitionToArchive",),
                f"{archive} days: files go to Archive only from Infrequent Access, so later than transitionToIa"
                + (f" ({idle} days)" if idle else ", which must be set"),
            )
        if self.return_on_access and idle is None:
            yield ("returnOnAccess",), "nothing can come back: transitionToIa isn't set; say false"
        seen: dict[str, str] = {}
        for name, point in self.access_points.items():
            if point.path in seen:
                yield (
                    ("accessPoints", name, "path"),
                    f"{point.path} is what {seen[point.path]!r} shows already",
                )
            seen.setdefault(point.path, name)


class ExistingOpenZfs(Spec):
    """An OpenZFS file system that someone else owns: read by id, never changed, tagged, protected or deleted."""

    kind: Literal["existing-openzfs"]
    id: FileSystemId


class ExistingEfs(Spec):
    """An EFS file system that someone else owns, and its access points to use, by id."""

    kind: Literal["existing-efs"]
    id: FileSystemId
    access_points: dict[Name, AccessPointId] = Field(default_factory=dict)


Homes = Annotated[OpenZfsHomes | EfsHomes | ExistingOpenZfs | ExistingEfs, Field(discriminator="kind")]
