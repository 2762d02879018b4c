"""Nightly backups: when, how long they are kept, and whether anyone can delete them sooner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from components.base.spec import Spec
from components.base.validation import FieldPath, FieldProblemsError
from components.storage.names import text

# Source: AWS Backup, Lifecycle: DeleteAfterDays is at least 90 days after MoveToColdStorageAfterDays.
COLD_DAYS: Final = 90
# Source: AWS Backup, BackupRule: a start window is at least 60 minutes.
LEAST_WINDOW: Final = 60
# Source: AWS Backup, PutBackupVaultLockConfiguration: 3 to 36500 days until a lock is for ever.
GRACE = Field(ge=3, le=36500)

Days = Annotated[int, Field(ge=1, le=36500)]


class GovernanceLock(Spec):
    """Nobody deletes a backup early, except roles that may remove the lock first.

    Attributes:
        min_retention_days: The least a backup is kept.
        max_retention_days: The most.
    """

    mode: Literal["governance"]
    min_retention_days: Days
    max_retention_days: Days


class ComplianceLock(Spec):
    """Nobody, not AWS either, deletes a backup early or takes the lock off once the grace time has passed.

    Attributes:
        min_retention_days: The least a backup is kept.
        max_retention_days: The most.
        changeable_for_days: Grace time; from then on the vault can't be deleted while it holds a backup.
    """

    mode: Literal["compliance"]
    min_retention_days: Days
    max_retention_days: Days
    changeable_for_days: Annotated[int, GRACE]


class BackupSpec(Spec):
    """The vault and its nightly plan.

    Attributes:
        schedule: When, as AWS cron in UTC.
        start_window_minutes: How long a backup may wait to start.
        completion_window_minutes: How long it may take after that.
        retention_days: Days a backup is kept.
        cold_storage_after_days: Days after which EFS backups go to cold storage, where they stay 90 days or more.
        lock: Whether backups can be deleted early.
    """

    # Source: AWS Backup, BackupRule; EventBridge, "Cron expressions".
    schedule: Annotated[
        str,
        text(
            r"cron\([0-9*/,-]+ [0-9*/,-]+ (?:\? [0-9A-Z*/,-]+ [0-9A-Z*/,#-]+|[0-9*/,LW-]+ [0-9A-Z*/,-]+ \?)"
            r" [0-9*/,-]+\)",
            "minute, hour, day, month, weekday and year in UTC, with ? for one of the two days: cron(0 3 * * ? *)",
        ),
    ] = "cron(0 3 * * ? *)"
    start_window_minutes: Annotated[int, Field(ge=LEAST_WINDOW, le=52560000)] = LEAST_WINDOW
    completion_window_minutes: Annotated[int, Field(ge=LEAST_WINDOW, le=52560000)] = 720
    retention_days: Days = 35
    cold_storage_after_days: Days | None = None
    lock: Annotated[GovernanceLock | ComplianceLock, Field(discriminator="mode")] | None = None

    @model_validator(mode="after")
    def _kept_long_enough(self) -> Self:
        if found := list(self._findings()):
            raise FieldProblemsError(found)
        return self

    def _findings(self) -> Iterator[tuple[FieldPath, str]]:
        cold, keep, lock = self.cold_storage_after_days, self.retention_days, self.lock
        if self.completion_window_minutes <= self.start_window_minutes:
            yield (
                ("completionWindowMinutes",),
                (
                    f"{self.completion_window_minutes} minutes: longer than the start window "
                    f"({self.start_window_minutes} minutes), or a late backup is cancelled at once"
                ),
            )
        if cold is not None and keep < cold + COLD_DAYS:
            yield (
                ("retentionDays",),
                (
                    f"{keep} days: backups stay {COLD_DAYS} days or more in cold storage, entered after {cold}: "
                    f"at least {cold + COLD_DAYS} days"
                ),
            )
        if lock is None:
            return
        if lock.min_retention_days > lock.max_retention_days:
            yield (
                ("lock", "minRetentionDays"),
                f"{lock.min_retention_days} days is more than maxRetentionDays ({lock.max_retention_days})",
            )
        elif not lock.min_retention_days <= keep <= lock.max_retention_days:
            yield (
                ("retentionDays",),
                (
                    f"{keep} days: the lock refuses every backup that isn't kept "
                    f"{lock.min_retention_days} to {lock.max_retention_days} days"
                ),
            )
