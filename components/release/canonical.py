"""The content of a lock as bytes that are the same however the file is laid out, and the names that follow."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

SHORT: Final = 12
"""Hex digits of the hash in a lock's name; the file carries all 64, and both must fit."""

SUFFIX: Final = ".lock.yaml"
NAME: Final = re.compile(rf"(?P<alias>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)-(?P<short>[0-9a-f]{{{SHORT}}})", re.ASCII)


def canonical_json(content: Mapping[str, Any]) -> bytes:
    """The content as JSON: keys sorted, no white space, UTF-8.

    Raises:
        TypeError, ValueError: It holds something JSON doesn't have, such as a date or NaN.
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def content_hash(content: Mapping[str, Any]) -> str:
    """The SHA-256 of the canonical content, in hex."""
    return hashlib.sha256(canonical_json(content)).hexdigest()


def lock_name(alias: str, sha256: str) -> str:
    """The name of a lock: what people call it, and the start of its hash."""
    return f"{alias}-{sha256[:SHORT]}"
