"""Buckets: what is kept in each, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from components.base.spec import Spec
from components.base.validation import FieldPath, FieldProblemsError
from components.storage.names import NightlyBackup

StorageClass = Literal["STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]

# Where a lifecycle may move an object next. Source: S3, "Transitioning objects using Amazon S3 Lifecycle".
NEXT_CLASSES: Final[Mapping[StorageClass, frozenset[StorageClass]]] = {
    "STANDARD_IA": frozenset({"INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"}),
    "INTELLIGENT_TIERING": frozenset({"ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"}),
    "ONEZONE_IA": frozenset({"GLACIER", "DEEP_ARCHIVE"}),
    "GLACIER_IR": frozenset({"GLACIER", "DEEP_ARCHIVE"}),
    "GLACIER": frozenset({"DEEP_ARCHIVE"}),
    "DEEP_ARCHIVE": frozenset(),
}
# Days before an object may enter, and days it stays before the next move. Source: same page, "Constraints".
EARLIEST_DAYS: Final[Mapping[StorageClass, int]] = {"STANDARD_IA": 30, "ONEZONE_IA": 30}
STAY_DAYS: Final[Mapping[StorageClass, int]] = {"STANDARD_IA": 30, "ONEZONE_IA": 30}
# Objects in these must be restored before anything, FSx included, can read them.
OFFLINE_CLASSES: Final[frozenset[StorageClass]] = frozenset({"GLACIER", "DEEP_ARCHIVE"})

Days = Annotated[int, Field(ge=1, le=36500)]


class Transition(Spec):
    """A move to another storage class, `days` after an object was made."""

    days: Annotated[int, Field(ge=0, le=36500)]
    storage_class: StorageClass


class Lifecycle(Spec):
    """How long a bucket keeps what.

    Attributes:
        abort_incomplete_multipart_upload_days: Days after which the parts of an unfinished upload go.
        noncurrent_version_expiration_days: Days an overwritten or deleted version can be brought back.
        newer_noncurrent_versions: Noncurrent versions kept whatever their age (1 to 100).
        transitions: Moves of current versions to cheaper classes, in order.
        expiration_days: Days after which current versions are deleted; none keeps them for ever.
    """

    abort_incomplete_multipart_upload_days: Days = 7
    noncurrent_version_expiration_days: Days = 30
    newer_noncurrent_versions: Annotated[int, Field(ge=1, le=100)] | None = None
    transitions: tuple[Transition, ...] = ()
    expiration_days: Days | None = None

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        if found := list(self._findings()):
            raise FieldProblemsError(found)
        return self

    def _findings(self) -> Iterator[tuple[FieldPath, str]]:
        for index, move in enumerate(self.transitions):
            earliest = EARLIEST_DAYS.get(move.storage_class, 0)
            if move.days < earliest:
                yield (
                    ("transitions", index, "days"),
                    f"{move.days} days is too early for {move.storage_class}: S3 takes objects after {earliest} days",
                )
        for index, (before, after) in enumerate(pairwise(self.transitions), start=1):
            if after.storage_class not in NEXT_CLASSES[before.storage_class]:
                yield (
                    ("transitions", index, "storageClass"),
                    f"S3 can't move objects from {before.storage_class} to {after.storage_class}",
                )
            least = before.days + max(STAY_DAYS.get(before.storage_class, 0), 1)
            if after.days < least:
                yield (
                    ("transitions", index, "days"),
                    (
                        f"{after.days} days is too early: after {before.storage_class} at {before.days} days, "
                        f"at least {least} days"
                    ),
                )
        latest = max((move.days for move in self.transitions), default=0)
        if self.expiration_days is not None and self.transitions and self.expiration_days <= latest:
            yield (
                ("expirationDays",),
                (
                    f"objects would be deleted at {self.expiration_days} days, before the last move at {latest} days: "
                    f"at least {latest + 1} days"
                ),
            )

    @property
    def goes_offline(self) -> bool:
        """Whether current objects end up where they must be restored before they can be read."""
        return any(move.storage_class in OFFLINE_CLASSES for move in self.transitions)


class VersionsBackup(Spec):
    """The versions that the bucket keeps are the only copy."""

    kind: Literal["versions"] = "versions"


class BucketSpec(Spec):
    """A private, versioned, encrypted bucket. Its name is made by the stack; the key in the map is logical.

    Attributes:
        lifecycle: How long it keeps what.
        backup: `nightly` adds point-in-time copies in the vault to the versions that the bucket keeps anyway.
    """

    lifecycle: Lifecycle = Lifecycle()
    backup: Annotated[NightlyBackup | VersionsBackup, Field(discriminator="kind")] = VersionsBackup()
