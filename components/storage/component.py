"""A stack's storage as one component: keys, buckets, file systems and their backups."""

from __future__ import annotations

from typing import ClassVar

import pulumi

from components.base.component import HerdComponent
from components.base.context import StackContext
from components.keys.component import BorrowedKey, Key
from components.storage import keys
from components.storage.backup.component import Backup
from components.storage.buckets.component import Bucket
from components.storage.homes.component import BorrowedHomes, EfsFileSystem, OpenZfsFileSystem
from components.storage.homes.spec import EfsHomes, OpenZfsHomes
from components.storage.lustre.component import BorrowedLustre, LustreFileSystem
from components.storage.lustre.spec import ManagedLustre
from components.storage.mounts import BucketFacts, Mount, StorageNetwork
from components.storage.spec import StorageSpec


class Storage(HerdComponent):
    """What must not be lost. Outlives every cluster: consumers take the facts below and nothing else.

    Attributes:
        data_key_arn: The key of buckets and file systems.
        volume_key_arn: The key for volumes of machines and images made here.
        image_key_arns: Other accounts' keys by logical name, usable once their grants exist.
        buckets: How to reach each bucket.
        lustre: How to mount each Lustre file system.
        homes: How to mount the home directories.
        backup: The vault and its role, if there is one.
    """

    token: ClassVar[str] = "herd:storage:Storage"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: StorageSpec,
        context: StackContext,
        *,
        network: StorageNetwork,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register everything that the spec asks for."""
        super().__init__(name, spec, context, opts=opts)
        child = self.child
        data = Key(f"{name}-data", keys.data_key(spec.keys, context), context, opts=child())
        self.data_key_arn: pulumi.Output[str] = data.arn
        self.volume_key_arn: pulumi.Output[str] = Key(
            f"{name}-volumes", keys.volume_key(spec.keys, context), context, opts=child()
        ).arn
        self.image_key_arns: dict[str, pulumi.Output[str]] = {
            key: BorrowedKey(f"{name}-images-{key}", keys.image_key(spec.keys, arn), context, opts=child()).arn
            for key, arn in spec.keys.image_keys.items()
        }
        self.backup: Backup | None = None
        if spec.backup is not None:
            vault_key = Key(f"{name}-backups", keys.backup_key(spec.keys, context), context, opts=child())
            self.backup = Backup(f"{name}-backup", spec.backup, context, key_arn=vault_key.arn, opts=child())
        made = {
            key: Bucket(f"{name}-{key}", bucket, context, key_arn=data.arn, opts=child())
            for key, bucket in spec.buckets.items()
        }
        self.buckets: dict[str, BucketFacts] = {key: bucket.facts for key, bucket in made.items()}
        self.lustre: dict[str, Mount] = {
            key: LustreFileSystem(
                f"{name}-lustre-{key}", system, context, network=network, buckets=made, key_arn=data.arn, opts=child()
            ).mount
            if isinstance(system, ManagedLustre)
            else BorrowedLustre(f"{name}-lustre-{key}", system, context, opts=child()).mount
            for key, system in spec.lustre.items()
        }
        self.homes = self._homes(f"{name}-homes", spec, network)
        self.register_outputs(
            {
                "dataKeyArn": self.data_key_arn,
                "volumeKeyArn": self.volume_key_arn,
                "imageKeyArns": self.image_key_arns,
                "buckets": {key: facts.wire() for key, facts in self.buckets.items()},
                "lustre": {key: mount.wire() for key, mount in self.lustre.items()},
                "homes": self.homes.wire() if self.homes else None,
                "vaultName": self.backup.vault_name if self.backup else None,
            }
        )

    def _homes(self, name: str, spec: StorageSpec, network: StorageNetwork) -> Mount | None:
        key = self.data_key_arn
        match spec.homes:
            case None:
                return None
            case OpenZfsHomes() as homes:
                return OpenZfsFileSystem(
                    name, homes, self.context, network=network, key_arn=key, opts=self.child()
                ).mount
            case EfsHomes() as homes:
                return EfsFileSystem(name, homes, self.context, network=network, key_arn=key, opts=self.child()).mount
            case borrowed:
                return BorrowedHomes(name, borrowed, self.context, opts=self.child()).mount
