"""Texts within texts: base64, and gzip within that."""

from __future__ import annotations

import base64
import gzip
import zlib
from typing import Final

GZIP: Final = b"\x1f\x8b"
"""How gzip's data start."""


def unpacked(text: str) -> str | None:
    """The text that base64 holds, gzipped or not; None if it is no base64, or holds no text."""
    try:
        return inflated(base64.b64decode("".join(text.split()), validate=True))
    except ValueError:  # of base64's own kind, or of letters that aren't ASCII
        return None


def inflated(data: bytes) -> str | None:
    """Bytes as a text, out of gzip if they are in it; None if they are no text."""
    try:
        return (gzip.decompress(data) if data.startswith(GZIP) else data).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        return None
