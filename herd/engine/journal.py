"""The journal of a run: one JSON line per entry, appended and made durable before the run goes on.

The first line says what the journal belongs to: the SHA-256 of the state file it starts from. The last one, written
before the state file is replaced, says what the new one's SHA-256 is; so a crash in between is told from a stale file.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.base.problems import InvalidInputError
from herd.engine.snapshot import Entry

VERSION = 1


@dataclass(frozen=True)
class Recorded:
    """What a journal file holds.

    Attributes:
        base: SHA-256 of the state file the run started from, empty if there was none.
        entries: The complete entries; a torn last line is left out.
        compacted: SHA-256 of the state file that replaced it, empty if the run never got there.
    """

    base: str
    entries: tuple[Entry, ...]
    compacted: str


class Journal:
    """An open journal.

    Args:
        path: The file; it is created anew, or with `resume` continued after its last complete line.
        base: SHA-256 of the state file.
        on_durable: Called with the number of each entry once it is on disk.
    """

    def __init__(
        self, path: Path, base: str, on_durable: Callable[[int], None] | None = None, *, resume: bool = False
    ) -> None:
        self.path, self._on_durable = path, on_durable
        self._buffer: list[bytes] = []
        self._flushing: asyncio.Task[None] | None = None
        self._stored = asyncio.Event()
        self._error: Exception | None = None
        self._appended = self._durable = 0
        complete = path.read_bytes().rfind(b"\n") + 1 if resume and path.exists() else 0
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._descriptor, complete)
        if not complete:
            self._store([_line({"journal": VERSION, "base": base})])
            sync_folder(path.parent)

    def append(self, entry: Entry) -> None:
        """Add an entry; it becomes durable with the next commit."""
        self._buffer.append(_line(entry))
        self._appended += 1

    def flush(self) -> None:
        """Begin to make durable what was appended, without waiting for it."""
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._drain())

    async def commit(self) -> None:
        """Wait until everything appended so far is on disk; commits of concurrent steps share one fsync."""
        wanted = self._appended
        while self._durable < wanted:
            self.flush()
            await self._stored.wait()
            if self._error:
                raise self._error

    async def _drain(self) -> None:
        try:
            while self._buffer and not self._error:
                lines, self._buffer = self._buffer, []
                await asyncio.to_thread(self._store, lines)
                for _ in lines:
                    self._durable += 1
                    if self._on_durable:
                        self._on_durable(self._durable)
                self._tell()
        except Exception as error:  # noqa: BLE001  raised again by whoever waits for the commit
            self._error = error
        finally:
            self._flushing = None
            self._tell()

    def _tell(self) -> None:
        """Wake who waits for the batch that was just stored."""
        self._stored.set()
        self._stored = asyncio.Event()

    def close(self, compacted: str) -> None:
        """Write what is left and the SHA-256 of the state file that is about to replace the old one."""
        self._store([*self._buffer, _line({"k": "compacted", "state": compacted})])
        os.close(self._descriptor)

    def _store(self, lines: list[bytes]) -> None:
        data = b"".join(lines)
        while data:
            data = data[os.write(self._descriptor, data) :]
        os.fsync(self._descriptor)


def sync_folder(folder: Path) -> None:
    """Make durable that files were created or renamed in it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def read_journal(path: Path) -> Recorded | None:
    """The journal left by a run that did not end, if there is one.

    Raises:
        InvalidInputError: It is damaged other than by a torn last line.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    lines = data.split(b"\n")[:-1]  # what follows the last newline was never committed
    entries: list[Entry] = []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise damaged(path, number, str(error)) from error
        if not isinstance(entry, dict) or not ("k" in entry or number == 1):
            raise damaged(path, number, "not an entry")
        entries.append(entry)
    if not entries:
        return None
    header, *rest = entries
    if header.get("journal") != VERSION or not isinstance(header.get("base"), str):
        raise damaged(path, 1, "no header of a journal of version 1")
    compacted = next((e["state"] for e in reversed(rest) if e["k"] == "compacted"), "")
    return Recorded(header["base"], tuple(e for e in rest if e["k"] != "compacted"), compacted)


def damaged(path: Path, line: int, message: str) -> InvalidInputError:
    """The error of a journal that can't be read."""
    fix = "restore the journal together with its state file from a backup; deleting it loses what the last run did"
    return InvalidInputError.one(f"the journal is damaged: {message}", file=str(path), line=line, fix=fix)
