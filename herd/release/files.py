"""Writing a lock: once, whole, under the name its content gives it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from components.base.problems import InvalidInputError
from components.release.canonical import SUFFIX, content_hash, lock_name
from components.release.load import load_release
from herd.write import write_text

HEADER: Final = """\
# A release lock: what runs. Its name and `sha256` are the hash of `content`, so it is never edited:
# `herd release resolve` writes a new one. docs/components/release.md explains the format.
"""


def lock_text(content: Mapping[str, Any]) -> str:
    """A lock's file: its hash and its content, in the order given."""
    yaml, text = YAML(typ="safe", pure=True), io.StringIO()
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 4096
    yaml.dump({"sha256": content_hash(content), "content": dict(content)}, text)
    return HEADER + text.getvalue()


def write_lock(folder: Path, alias: str, content: Mapping[str, Any]) -> Path:
    """Write a lock into a folder; one that is already there, with this content, is left alone.

    Raises:
        InvalidInputError: The folder can't be written to, or holds something else under this name (an edited lock).
    """
    path = folder / f"{lock_name(alias, content_hash(content))}{SUFFIX}"
    if path.exists():
        load_release(folder, path.name)
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError.one(f"can't be made: {error.strerror}", file=str(folder)) from None
    write_text(path, lock_text(content))
    return path
