"""Whether the pools fit what is reserved, where the stack lives, and what their generations' releases hold."""

from __future__ import annotations

from collections.abc import Iterator

from components.base.validation import FieldPath
from infra.locks import Releases
from infra.settings import Settings


def pools_fit(settings: Settings, releases: Releases) -> Iterator[tuple[FieldPath, str, str]]:
    """What is wrong with the pools: path, what is wrong, what to do."""
    if releases.own is None:
        return
    yield from ()
