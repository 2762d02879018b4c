"""FSx for Lustre: what a person may ask for, on the grids that AWS has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import PurePosixPath
from typing import Annotated, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from components.base.spec import Spec
from components.base.validation import FieldPath, FieldProblemsError
from components.storage.names import (
    AutomaticBackup,
    ExportBackup,
    FileSystemId,
    Name,
    NightlyBackup,
    NoBackup,
    WeeklyTime,
    Zone,
    text,
)

# MB/s per TiB of a PERSISTENT_2 SSD file system. Source: FSx API, CreateFileSystemLustreConfiguration.
Throughput = Literal[125, 250, 500, 1000]
# GiB: 1200, or multiples of 2400. Source: FSx API, CreateFileSystem, StorageCapacity.
SMALLEST_GIB: Final = 1200
STEP_GIB: Final = 2400
# GiB of the steps (and the least) with EFA, by throughput. Source: FSx for Lustre guide, "Increasing storage capacity".
EFA_STEP_GIB: Final[Mapping[int, int]] = {125: 38400, 250: 19200, 500: 9600, 1000: 4800}
# Source: FSx API, CreateFileSystemLustreMetadataConfiguration (SSD file systems).
METADATA_IOPS: Final = frozenset({1500, 3000, 6000, *range(12000, 192001, 12000)})
# Source: FSx for Lustre guide, "Linking your file system to an Amazon S3 bucket".
MAX_REPOSITORIES: Final = 8

FileEvent = Literal["NEW", "CHANGED", "DELETED"]
ALL_EVENTS: Final[tuple[FileEvent, ...]] = ("NEW", "CHANGED", "DELETED")


class AutomaticMetadata(Spec):
    """AWS sizes metadata by the capacity."""

    mode: Literal["AUTOMATIC"] = "AUTOMATIC"


class ProvisionedMetadata(Spec):
    """Metadata IOPS as given; they can grow, not shrink."""

    mode: Literal["USER_PROVISIONED"] = "USER_PROVISIONED"
    iops: int

    @field_validator("iops")
    @classmethod
    def _on_the_grid(cls, iops: int) -> int:
        if iops not in METADATA_IOPS:
            raise ValueError(f"{iops} IOPS isn't offered: 1500, 3000, 6000 or a multiple of 12000 up to 192000")
        return iops


class RootSquash(Spec):
    """Maps root on clients to another user (both ids 1 to 4294967294), except on the clients named by their NID."""

    uid: Annotated[int, Field(ge=1, le=4294967294)] = 65534
    gid: Annotated[int, Field(ge=1, le=4294967294)] = 65534
    no_squash_nids: Annotated[tuple[str, ...], Field(max_length=64)] = ()


class Repository(Spec):
    """A directory of the file system that shows a bucket, or the part of it under a prefix.

    Attributes:
        bucket: The logical name of one of this stack's buckets.
        prefix: Keys under it only; empty for the whole bucket.
        file_system_path: The directory, from the root of the file system.
        auto_import: Changes in the bucket that appear in the directory.
        auto_export: Changes in the directory that are written to the bucket.
        batch_import_metadata_on_create: Whether objects that exist already are listed at once.
        imported_file_chunk_size: MiB of an imported file on one disk (1 to 512000).
    """

    bucket: Name
    prefix: Annotated[
        str, text(r"(?:[A-Za-z0-9!_.*'()-]+/)*", "a prefix that ends with a slash, such as imagenet/, or nothing")
    ] = ""
    file_system_path: Annotated[
        str, text(r"/(?:[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*)?", "an absolute path such as /datasets")
    ]
    auto_import: tuple[FileEvent, ...] = ALL_EVENTS
    auto_export: tuple[FileEvent, ...] = ALL_EVENTS
    batch_import_metadata_on_create: bool = True
    imported_file_chunk_size: Annotated[int, Field(ge=1, le=512000)] = 1024

    @field_validator("auto_import", "auto_export")
    @classmethod
    def _each_once(cls, events: tuple[FileEvent, ...]) -> tuple[FileEvent, ...]:
        if len(set(events)) < len(events):
            raise ValueError("an event is named more than once")
        return tuple(event for event in ALL_EVENTS if event in events)

    @property
    def exports_all_writes(self) -> bool:
        """Whether everything written below the directory reaches the bucket."""
        return {"NEW", "CHANGED"} <= set(self.auto_export)


class ManagedLustre(Spec):
    """A PERSISTENT_2 SSD file system that the stack owns.

    Attributes:
        availability_zone: Where it is; clients elsewhere pay for the traffic and can't use EFA to it.
        storage_capacity: GiB.
        per_unit_storage_throughput: MB/s per TiB.
        metadata: How metadata IOPS are provisioned.
        efa_enabled: EFA and GPUDirect Storage on the server side; fixed at creation.
        data_compression_type: LZ4 for what is written from now on, or none.
        weekly_maintenance_start_time: d:HH:MM in UTC, 1 = Monday.
        log_level: Which events of its links to buckets go to its log group.
        log_retention_days: Days that log group keeps them.
        root_squash: Whether, and to whom, root on clients is mapped.
        repositories: Its links to buckets, at most 8.
        backup: How it is kept safe. With links to buckets AWS refuses backups: `export`, or `none` for scratch.
    """

    kind: Literal["managed"] = "managed"
    availability_zone: Zone
    storage_capacity: int
    per_unit_storage_throughput: Throughput = 250
    metadata: Annotated[AutomaticMetadata | ProvisionedMetadata, Field(discriminator="mode")] = AutomaticMetadata()
    efa_enabled: bool = False
    data_compression_type: Literal["LZ4", "NONE"] = "LZ4"
    weekly_maintenance_start_time: WeeklyTime = "7:03:00"
    log_level: Literal["WARN_ONLY", "ERROR_ONLY", "WARN_ERROR"] = "WARN_ERROR"
    log_retention_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731] = 90
    root_squash: RootSquash | None = None
    repositories: dict[Name, Repository] = Field(default_factory=dict)
    backup: Annotated[NightlyBackup | AutomaticBackup | ExportBackup | NoBackup, Field(discriminator="kind")] = (
        NightlyBackup()
    )

    @model_validator(mode="after")
    def _offered_by_aws(self) -> Self:
        if found := [*self._capacity(), *self._links(), *self._safety()]:
            raise FieldProblemsError(found)
        return self

    def _capacity(self) -> Iterator[tuple[FieldPath, str]]:
        size, throughput = self.storage_capacity, self.per_unit_storage_throughput
        if self.efa_enabled:
            step = EFA_STEP_GIB[throughput]
            if size < step or size % step:
                yield (
                    ("storageCapacity",),
                    f"{size} GiB isn't offered with EFA at {throughput} MB/s/TiB: a multiple of {step} GiB",
                )
        elif size != SMALLEST_GIB and (size < STEP_GIB or size % STEP_GIB):
            yield ("storageCapacity",), f"{size} GiB isn't offered: {SMALLEST_GIB} or a multiple of {STEP_GIB} GiB"

    def _links(self) -> Iterator[tuple[FieldPath, str]]:
        if len(self.repositories) > MAX_REPOSITORIES:
            yield ("repositories",), f"{len(self.repositories)} links: at most {MAX_REPOSITORIES} a file system"
        for (one, first), (two, second) in combinations(self.repositories.items(), 2):
            paths = PurePosixPath(first.file_system_path), PurePosixPath(second.file_system_path)
            if paths[0].is_relative_to(paths[1]) or paths[1].is_relative_to(paths[0]):
                yield (
                    ("repositories", two, "fileSystemPath"),
                    f"{paths[1]} and {paths[0]} of {one!r} overlap: a directory is linked once",
                )
            nested = first.prefix.startswith(second.prefix) or second.prefix.startswith(first.prefix)
            if first.bucket == second.bucket and nested:
                yield (
                    ("repositories", two, "prefix"),
                    f"shows part of what {one!r} shows of bucket {first.bucket!r}: a prefix is linked once",
                )

    def _safety(self) -> Iterator[tuple[FieldPath, str]]:
        kind = self.backup.kind
        if self.repositories and kind in {"nightly", "automatic"}:
            yield (
                ("backup", "kind"),
                (
                    f"{kind!r} can't be: AWS doesn't back up a Lustre file system that is linked to a data repository; "
                    "say 'export' (the linked buckets hold the copy) or 'none' (scratch)"
                ),
            )
        if kind == "export" and not any(link.exports_all_writes for link in self.repositories.values()):
            yield (
                ("backup", "kind"),
                "'export' needs a repository that automatically exports NEW and CHANGED files: nothing else is a copy",
            )


class ExistingLustre(Spec):
    """A file system that someone else owns: read by id, never changed, tagged, protected or deleted.

    Attributes:
        id: Its file system id.
        availability_zone: Where it is, for those who place machines near it.
        efa_enabled: Whether its servers take EFA traffic.
    """

    kind: Literal["existing"]
    id: FileSystemId
    availability_zone: Zone
    efa_enabled: bool = False


Lustre = Annotated[ManagedLustre | ExistingLustre, Field(discriminator="kind")]
