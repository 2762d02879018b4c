"""Files that are whole or not there: write beside, fsync, rename."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from components.base.problems import InvalidInputError

_WRITE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def check_writable(path: Path, *, field: str = "") -> None:
    """Find out before long work whether its result can be written.

    Raises:
        InvalidInputError: `path` is a folder or read-only, or its own folder doesn't exist or can't be written to.
    """
    path = _meant(path)
    if path.is_dir():
        raise InvalidInputError.one("is a folder", file=str(path), field=field, fix="name a file")
    if _is_stream(path):
        return
    _check_not_read_only(path, field)
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InvalidInputError.one(f"can't be written: {error.strerror}", file=str(path), field=field) from None


def write_text(path: Path, text: str) -> None:
    """Put `text` in the place of `path`; a reader sees the old file or the new one, never half of it.

    What a link names is written, the link stays; the file keeps its mode. A device or pipe is simply written to.

    Raises:
        InvalidInputError: The folder doesn't exist or can't be written to, or the file is read-only.
    """
    path = _meant(path)
    try:
        if _is_stream(path):
            with path.open("w", encoding="utf-8", newline="") as stream:
                stream.write(text)
            return
        _check_not_read_only(path)
        _replace(path, text.encode())
    except UnicodeEncodeError:
        raise InvalidInputError.one("can't be written: half a character in the text", file=str(path)) from None
    except OSError as error:
        raise InvalidInputError.one(f"can't be written: {error.strerror}", file=str(path)) from None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep others who ask for it from writing in a folder meanwhile; they wait. It leaves no file behind.

    Raises:
        InvalidInputError: The folder can't be opened.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise InvalidInputError.one(f"can't be opened: {error.strerror}", file=str(folder)) from None
    try:
        # A file system without locks (some NFS mounts) is used without.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _meant(path: Path) -> Path:
    # What /dev/stdout leads to has no path of its own if it is a pipe.
    if _is_stream(path):
        return path
    try:
        return path.resolve() if path.is_symlink() else path
    except (OSError, RuntimeError):
        raise InvalidInputError.one("is a link that leads to itself", file=str(path)) from None


def _is_stream(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def _check_not_read_only(path: Path, field: str = "") -> None:
    # Renaming over a file asks nobody, and root may write to any: the mode is what its owner said.
    if path.exists() and not path.stat().st_mode & _WRITE:
        raise InvalidInputError.one("is read-only", file=str(path), field=field, fix=f"chmod u+w {path}")


def _replace(path: Path, data: bytes) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    scratch = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.chmod(mode)
        scratch.replace(path)
    except BaseException:  # Ctrl-C too: no scratch file stays
        scratch.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON with a final newline."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
