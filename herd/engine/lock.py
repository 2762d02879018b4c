"""One writer per stack: a lock file that names its holder and that the kernel frees when the holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.base.problems import InvalidInputError


def holder() -> dict[str, Any]:
    """Who we are, as the lock file says it."""
    return {
        "user": _user(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


@contextlib.contextmanager
def locked(path: Path) -> Iterator[str]:
    """Hold the lock; yields a notice if it was taken over from a holder that died, else an empty string.

    Raises:
        InvalidInputError: Someone else holds it; the message names them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held = _read(descriptor)
            os.close(descriptor)
            raise _held(path, held) from None
        if _same_file(descriptor, path):
            break
        os.close(descriptor)  # its last holder deleted it between our open and our flock
    try:
        before = _read(descriptor)
        if before and not _is_dead(before):
            raise _held(path, before)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder()).encode(), 0)
        os.fsync(descriptor)
        try:
            yield f"took the lock over from {_describe(before)}, which is no longer running" if before else ""
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _read(descriptor: int) -> dict[str, Any]:
    text = os.pread(descriptor, 1 << 16, 0).decode(errors="replace")
    if not text.strip():
        return {}
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    return data if isinstance(data, dict) else {"user": "someone unknown"}


def _is_dead(held: dict[str, Any]) -> bool:
    if held.get("host") != socket.gethostname() or not isinstance(held.get("pid"), int):
        return False
    try:
        os.kill(held["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _user() -> str:
    """Who runs this; a number where the user has no entry, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _describe(held: dict[str, Any]) -> str:
    parts = [str(held.get("user", "an unknown user"))]
    if "host" in held:
        parts.append(f"on {held['host']}")
    if "pid" in held:
        parts.append(f"(process {held['pid']})")
    if "since" in held:
        parts.append(f"since {held['since']}")
    return " ".join(parts)


def _held(path: Path, held: dict[str, Any]) -> InvalidInputError:
    return InvalidInputError.one(
        f"the stack is locked by {_describe(held)}",
        file=str(path),
        fix="wait until that run has ended; if it is certain that it no longer runs, delete this file",
    )
