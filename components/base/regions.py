"""AWS's regions, so that a mistyped one is found before anything is called."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from components.base.validation import closest


@cache
def known_regions() -> tuple[str, ...]:
    """The regions of the commercial partition. Source: regions.json, which names its own."""
    return tuple(json.loads(Path(__file__).with_name("regions.json").read_text(encoding="utf-8"))["regions"])


def _known(value: str) -> str:
    if value not in known_regions():
        raise ValueError(f"unknown region {value!r}, {closest(value, known_regions())}")
    return value


Region = Annotated[str, AfterValidator(_known)]
