"""Files that are whole or not there: write beside, fsync, rename."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from components.base.problems import InvalidInputError


def check_writable(path: Path, *, field: str = "") -> None:
    """Find out before long work whether its result can be written.

    Raises:
        InvalidInputError: `path` is a folder, or its own folder doesn't exist or can't be written to.
    """
    if path.is_dir():
        raise InvalidInputError.one("is a folder", file=str(path), field=field, fix="name a file")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InvalidInputError.one(f"can't be written: {error.strerror}", file=str(path), field=field) from None


def write_text(path: Path, text: str) -> None:
    """Put `text` in the place of `path`; a reader sees the old file or the new one, never half of it.

    Raises:
        InvalidInputError: The folder doesn't exist or can't be written to.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise InvalidInputError.one(f"can't be written: {error.strerror}", file=str(path)) from None
    scratch = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        scratch.chmod(0o644)
        scratch.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise InvalidInputError.one(f"can't be written: {error.strerror}", file=str(path)) from None


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON with a final newline."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
