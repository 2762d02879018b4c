"""The keys of a stack's storage: which there are, and who may use each."""

from __future__ import annotations

from components.base.context import StackContext
from components.keys.spec import (
    BorrowedKeySpec,
    KeySpec,
    OtherAccount,
    ServiceItself,
    ServiceLinkedRole,
    ThroughServices,
)
from components.storage.spec import KeysSpec

# Days a deleted key can be brought back: as long as AWS allows where data must last, else as short as it allows.
DURABLE_WINDOW, DISPOSABLE_WINDOW = 30, 7


def data_key(spec: KeysSpec, context: StackContext) -> KeySpec:
    """For buckets, file systems and their logs.

    FSx reads and writes linked buckets with a role that is named after the file system and exists only once it does:
    the use through S3 lets it in without naming it.
    """
    return KeySpec(
        description=f"{context.project} {context.stack}: buckets and file systems",
        uses=(
            ThroughServices(services=("s3", "fsx", "elasticfilesystem", "backup")),
            ServiceItself(service="logs"),
        ),
        rotation_days=spec.rotation_days,
        deletion_window_days=_window(context),
    )


def volume_key(spec: KeysSpec, context: StackContext) -> KeySpec:
    """For volumes of machines and images made here: Auto Scaling and other accounts start machines from them."""
    return KeySpec(
        description=f"{context.project} {context.stack}: volumes and images",
        uses=(
            ThroughServices(services=("ec2",)),
            *(ServiceLinkedRole(role=role) for role in spec.volume_roles),
            *(OtherAccount(account=account, use="machines") for account in spec.image_accounts),
        ),
        rotation_days=spec.rotation_days,
        deletion_window_days=_window(context),
    )


def backup_key(spec: KeysSpec, context: StackContext) -> KeySpec:
    """For the vault: apart from the data's key, so that losing that one doesn't lose the backups too."""
    return KeySpec(
        description=f"{context.project} {context.stack}: backups",
        uses=(ThroughServices(services=("backup", "elasticfilesystem", "fsx", "s3")),),
        rotation_days=spec.rotation_days,
        deletion_window_days=_window(context),
    )


def image_key(spec: KeysSpec, arn: str) -> BorrowedKeySpec:
    """Another account's key, for the roles that start machines here."""
    return BorrowedKeySpec(key_arn=arn, roles=spec.volume_roles)


def _window(context: StackContext) -> int:
    return DURABLE_WINDOW if context.durable else DISPOSABLE_WINDOW
