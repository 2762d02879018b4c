"""Types that every storage spec uses: logical names, availability zones, times, and how something is kept safe."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from components.base.spec import Spec


def text(pattern: str, expected: str) -> AfterValidator:
    """Text of one form, with the form in words: nobody should have to read a pattern to mend a stack file."""
    form = re.compile(pattern)

    def check(value: str) -> str:
        if not form.fullmatch(value):
            raise ValueError(f"{value!r}: expected {expected}")
        return value

    return AfterValidator(check)


# Logical: AWS names are made from these plus a random end, and a bucket's must not pass 63 characters.
Name = Annotated[
    str,
    text(
        r"[a-z](?:[a-z0-9-]{0,22}[a-z0-9])?",
        "a name of at most 24 lower-case letters, digits and hyphens, beginning with a letter",
    ),
]
Zone = Annotated[str, text(r"[a-z]{2}(?:-[a-z]+)+-\d[a-z]", "an availability zone such as eu-west-1a")]
FileSystemId = Annotated[str, text(r"fs-(?:[0-9a-f]{8}|[0-9a-f]{17})", "a file system id such as fs-0123456789abcdef0")]

# In UTC, 1 = Monday. Source: FSx API, WeeklyTime and DailyTime.
WeeklyTime = Annotated[
    str, text(r"[1-7]:(?:[01]\d|2[0-3]):[0-5]\d", "d:HH:MM in UTC with 1 for Monday, such as 7:03:00")
]
DailyTime = Annotated[str, text(r"(?:[01]\d|2[0-3]):[0-5]\d", "HH:MM in UTC, such as 02:30")]

BACKUP_TAG: Final = "backup"
NIGHTLY_VALUE: Final = "nightly"
SCRATCH_TAGS: Final = {"data": "scratch"}


class NightlyBackup(Spec):
    """The stack's own plan backs it up into the stack's vault: it carries the tag `backup: nightly`."""

    kind: Literal["nightly"] = "nightly"


class AutomaticBackup(Spec):
    """FSx backs it up daily by itself; such backups go when the file system goes.

    Attributes:
        retention_days: Days an automatic backup is kept (1 to 90; FSx API, AutomaticBackupRetentionDays).
        daily_start_time: HH:MM in UTC.
    """

    kind: Literal["automatic"] = "automatic"
    retention_days: Annotated[int, Field(ge=1, le=90)] = 30
    daily_start_time: DailyTime = "02:00"


class ServiceBackup(Spec):
    """EFS backs it up daily by itself, into the account's default EFS vault, for 35 days."""

    kind: Literal["automatic"] = "automatic"


class ExportBackup(Spec):
    """Linked buckets with automatic export hold the copy: AWS doesn't back up a Lustre file system with such links."""

    kind: Literal["export"] = "export"


class NoBackup(Spec):
    """Nothing is kept: scratch data, tagged `data: scratch`."""

    kind: Literal["none"] = "none"


def backup_tags(kind: str) -> dict[str, str]:
    """The tags that say how something is kept safe: what the plan selects, and what may be lost."""
    return {"nightly": {BACKUP_TAG: NIGHTLY_VALUE}, "none": dict(SCRATCH_TAGS)}.get(kind, {})
