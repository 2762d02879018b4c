"""Keys of generations: a number that counts up, and the hash of what a node of it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from components.release import canonical

DIGITS: Final = 8
"""Hex digits of the hash in a key: 32 bits, ample to tell the few generations that a pool ever has apart."""


def content_hash(content: Mapping[str, Any]) -> str:
    """The first hex digits of the SHA-256 of the canonical content.

    Raises:
        TypeError, ValueError: It holds something JSON doesn't have.
    """
    return canonical.content_hash(content)[:DIGITS]


def key(number: int, content: Mapping[str, Any]) -> str:
    """The key of a generation: `g3-1a2b3c4d`."""
    return f"g{number}-{content_hash(content)}"


def hash_of(generation: str) -> str:
    """The hash that a key claims."""
    return generation.partition("-")[2]
