"""A stack's storage: everything asked for, and what only holds for the whole of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Annotated, Self

from pydantic import Field, model_validator

from components.base.context import StackContext
from components.base.problems import Problem
from components.base.spec import Spec
from components.base.validation import FieldPath, FieldProblemsError, dotted
from components.keys.spec import AccountId, LinkedRole
from components.storage.backup.spec import BackupSpec, ComplianceLock
from components.storage.buckets.spec import BucketSpec
from components.storage.homes.spec import EfsHomes, Homes, OpenZfsHomes
from components.storage.lustre.spec import Lustre, ManagedLustre, Repository
from components.storage.names import Name, NightlyBackup, text

KeyArn = Annotated[
    str,
    text(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+",
        "a key ARN such as arn:aws:kms:eu-west-1:222233334444:key/1b2c3d4e-...; an alias names no key for ever",
    ),
]

Finding = tuple[FieldPath, str]


class KeysSpec(Spec):
    """The stack's own keys (data, volumes, backups), and those of image accounts that its machines need.

    Attributes:
        rotation_days: Days between rotations (90 to 2560).
        volume_roles: Service-linked roles that start machines with encrypted volumes.
        image_accounts: Accounts that start machines from images made here, which the volume key encrypts.
        image_keys: Keys of other accounts that encrypt images used here.
    """

    rotation_days: Annotated[int, Field(ge=90, le=2560)] = 365
    volume_roles: Annotated[tuple[LinkedRole, ...], Field(min_length=1)] = ("autoscaling",)
    image_accounts: tuple[AccountId, ...] = ()
    image_keys: dict[Name, KeyArn] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        lists = {"volumeRoles": self.volume_roles, "imageAccounts": self.image_accounts}
        found: list[Finding] = [
            ((field,), "something is named more than once")
            for field, items in lists.items()
            if len(set(items)) < len(items)
        ]
        if found:
            raise FieldProblemsError(found)
        return self


class StorageSpec(Spec):
    """What a stack stores. The keys of the maps are logical names; AWS names are made from them.

    Attributes:
        keys: Customer managed keys.
        buckets: Checkpoint and dataset buckets.
        lustre: FSx for Lustre file systems, made here or named by id.
        homes: Home directories.
        backup: The vault and its nightly plan.
    """

    keys: KeysSpec = KeysSpec()
    buckets: dict[Name, BucketSpec] = Field(default_factory=dict)
    lustre: dict[Name, Lustre] = Field(default_factory=dict)
    homes: Homes | None = None
    backup: BackupSpec | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if found := [*self._links(), *self._shared_links(), *self._backups()]:
            raise FieldProblemsError(found)
        return self

    def problems(self, context: StackContext) -> list[Problem]:
        """What doesn't fit the stack: its zones, its account and region, and what its environment asks for."""
        found = [*self._zones(context), *self._durability(context), *self._image_keys(context)]
        return [Problem("", 0, dotted(path), message) for path, message in found]

    @property
    def managed_lustre(self) -> dict[str, ManagedLustre]:
        """The Lustre file systems that the stack owns."""
        return {name: spec for name, spec in self.lustre.items() if isinstance(spec, ManagedLustre)}

    def _nightly(self) -> Iterator[FieldPath]:
        """Everything that the nightly plan is to back up."""
        yield from (("buckets", n, "backup") for n, b in self.buckets.items() if isinstance(b.backup, NightlyBackup))
        yield from (
            ("lustre", n, "backup") for n, f in self.managed_lustre.items() if isinstance(f.backup, NightlyBackup)
        )
        if isinstance(self.homes, OpenZfsHomes | EfsHomes) and isinstance(self.homes.backup, NightlyBackup):
            yield "homes", "backup"

    def _repositories(self) -> Iterator[tuple[FieldPath, ManagedLustre, Repository]]:
        for name, system in self.managed_lustre.items():
            for key, link in system.repositories.items():
                yield ("lustre", name, "repositories", key), system, link

    def _links(self) -> Iterator[Finding]:
        for path, system, link in self._repositories():
            bucket = self.buckets.get(link.bucket)
            if bucket is None:
                known = ", ".join(sorted(self.buckets)) or "none"
                yield (*path, "bucket"), f"no bucket {link.bucket!r} in this stack; there is: {known}"
                continue
            if bucket.lifecycle.goes_offline:
                yield (
                    (*path, "bucket"),
                    f"bucket {link.bucket!r} moves objects to GLACIER or DEEP_ARCHIVE, from where FSx can't read them",
                )
            holds_the_copy = system.backup.kind == "export" and link.exports_all_writes
            if holds_the_copy and bucket.lifecycle.expiration_days is not None:
                yield (
                    (*path, "bucket"),
                    (
                        f"bucket {link.bucket!r} deletes objects after {bucket.lifecycle.expiration_days} days, "
                        "and is the only copy of the file system: use a bucket without expirationDays"
                    ),
                )

    def _shared_links(self) -> Iterator[Finding]:
        for (path, _, first), (other, _, second) in combinations(self._repositories(), 2):
            nested = first.prefix.startswith(second.prefix) or second.prefix.startswith(first.prefix)
            if first.bucket != second.bucket or not nested:
                continue
            if (first.auto_import and second.auto_import) or (first.auto_export and second.auto_export):
                yield (
                    (*other, "prefix"),
                    (
                        f"overlaps with {'.'.join(map(str, path))}: two file systems can't both import from, "
                        f"or both export to, one part of bucket {first.bucket!r}"
                    ),
                )

    def _backups(self) -> Iterator[Finding]:
        if self.backup is None:
            yield from ((path, "'nightly' needs a plan: add a `backup` section to storage") for path in self._nightly())
        elif self.backup.cold_storage_after_days is not None and not (
            isinstance(self.homes, EfsHomes) and isinstance(self.homes.backup, NightlyBackup)
        ):
            yield (
                ("backup", "coldStorageAfterDays"),
                "of what storage backs up only EFS has cold storage, and no EFS file system is backed up nightly here",
            )

    def _zones(self, context: StackContext) -> Iterator[Finding]:
        asked: list[Finding] = [
            (("lustre", name, "availabilityZone"), system.availability_zone)
            for name, system in self.managed_lustre.items()
        ]
        if isinstance(self.homes, OpenZfsHomes):
            asked += [
                (("homes", "availabilityZones", index), zone)
                for index, zone in enumerate(self.homes.availability_zones)
            ]
        for path, zone in asked:
            if zone not in context.availability_zones:
                yield path, f"{zone!r} isn't one of the stack's zones: {', '.join(context.availability_zones)}"

    def _durability(self, context: StackContext) -> Iterator[Finding]:
        if context.durable:
            if self.backup is not None and self.backup.lock is None:
                yield ("backup", "lock"), f"{context.environment} needs a vault lock: mode governance or compliance"
            if isinstance(self.homes, OpenZfsHomes | EfsHomes) and self.homes.backup.kind == "none":
                yield ("homes", "backup", "kind"), f"home directories in {context.environment} need a backup"
        elif self.backup and isinstance(self.backup.lock, ComplianceLock):
            yield (
                ("backup", "lock", "mode"),
                (
                    f"a compliance lock can never be taken off, and {context.environment} must stay disposable: "
                    "use governance, or no lock"
                ),
            )

    def _image_keys(self, context: StackContext) -> Iterator[Finding]:
        for name, arn in self.keys.image_keys.items():
            region, account = arn.split(":")[3:5]
            if region != context.region:
                yield ("keys", "imageKeys", name), f"a key in {region}: volumes in {context.region} need a key there"
            if account == context.account:
                yield ("keys", "imageKeys", name), "a key of this account: its own policy lets machines use it"
        if context.account in self.keys.image_accounts:
            yield ("keys", "imageAccounts"), f"{context.account} is this account, which uses its own key anyway"
