"""What the extensions remember: plain dictionaries by account, region and kind."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from herd.cloud import clock

_STORES: dict[tuple[str, str, str], dict[str, Any]] = defaultdict(dict)
GLOBAL = "global"


def store(kind: str, account: str, region: str = GLOBAL) -> dict[str, Any]:
    """The objects of one kind (such as ``fsx.file_system``) in an account and region, by id."""
    return _STORES[kind, account, region]


def reset() -> None:
    """Forget everything, and what time it was."""
    _STORES.clear()
    clock.reset()
