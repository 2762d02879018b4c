"""A rehearsal's own lock: the stack's release with every value read from the stand-in."""

from __future__ import annotations

from pathlib import Path

from components.release.spec import UNRESOLVED, Lock, Origin
from herd.release.lookup import Clients, LiveLookup
from herd.release.resolve import resolve


def rehearsed_lock(root: Path, release: str, clients: Clients, folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Resolve a release against a stand-in and write the lock that the rehearsal runs with.

    Args:
        root: Folder of Pulumi.yaml.
        release: The release as the stack file names it.
        clients: boto3 clients of the stand-in, by service and region.
        folder: Where the lock goes; not in the repository.

    Returns:
        The lock's file, and in words which of its values come from the stand-in.

    Raises:
        InvalidInputError: The lock can't be used, or the stand-in doesn't know a value.
    """
    found = resolve(root, release, LiveLookup(clients), Origin.STAND_IN)
    lock = Lock.model_validate(found.content)
    return found.write(folder), stand_in_values(lock)


def stand_in_values(lock: Lock) -> tuple[str, ...]:
    """Which values of a lock come from a stand-in, one line a part."""
    return tuple(
        f"{section} {name}: {', '.join(f'{path[-1]} {value}' for path, value in part.values() if value != UNRESOLVED)}"
        for (section, name), part in lock.parts()
        if part.resolved_from is Origin.STAND_IN
    )
