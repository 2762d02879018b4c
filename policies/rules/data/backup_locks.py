"""HERD-077: backups stay for as long as they are kept for, whoever has the keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared.naming import naming

VAULT: Final = "aws:backup/vault:Vault"
LOCK: Final = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
_COMPONENT: Final = "herd:storage:Backup"


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """A lock has a least retention, and production's vault has a lock."""
    if resource.type == LOCK:
        least = resource.props.at("minRetentionDays")
        if not least.number(default=0):
            yield Violation(
                least, "the lock has no least retention: a plan with a shorter one empties the vault day by day"
            )
    elif facts.production and _is_ours(resource, stack) and not any(naming(stack, resource, "backupVaultName", LOCK)):
        yield Violation(resource.props, "no lock guards the vault: an administrator's key deletes every backup")


def _is_ours(vault: Subject, stack: Stack) -> bool:
    return any(parent.type == _COMPONENT for parent in stack.ancestors(vault))


RULE: Final = GraphRule(
    id="HERD-077",
    name="backups-locked",
    pack="data",
    title="Backup vaults are locked, so that nobody deletes a backup before its time",
    severity=everywhere(Severity.MEDIUM),
    types=(VAULT, LOCK),
    properties=("minRetentionDays", "backupVaultName"),
    why=(
        "Whoever deletes the data on purpose deletes its backups first. A vault lock refuses that, also to"
        " administrators, and its least retention refuses a plan that keeps nothing. Production's own vault (the"
        " component herd:storage:Backup) has a lock; other vaults are judged by the lock they have."
    ),
    fix="Lock the vault in the stack file (`storage.backup.lock`), or add min_retention_days to the lock.",
    mappings={"config": ("BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED",)},
    check=check,
)
