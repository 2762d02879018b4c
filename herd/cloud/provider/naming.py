"""Auto-naming as the bridged provider does it: the resource's name, a dash and seven hexadecimal digits.

Source: pulumi-terraform-bridge, `pkg/tfbridge/names.go` (`AutoName`, `ComputeAutoNameDefault`).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RANDOM_DIGITS = 7


@dataclass(frozen=True)
class AutoName:
    """How the name of a type is made up.

    Attributes:
        input: The input that holds the name.
        separator: Between the resource's name and the random digits.
        longest: Longest name the service takes; the resource's name is cut to fit.
        lower: Whether the service takes lower case only.
        prefix: Text that the service demands in front, such as ``alias/``.
    """

    input: str = "name"
    separator: str = "-"
    longest: int = 255
    lower: bool = False
    prefix: str = ""


def auto_name(rule: AutoName, name: str, seed: bytes, autonaming: Mapping[str, Any] | None = None) -> str | None:
    """The name to use; None when the engine's auto-naming is disabled.

    Args:
        rule: The type's rule.
        name: The resource's name in the program.
        seed: The engine's random seed; equal seeds give equal names. Empty means truly random.
        autonaming: The engine's own proposal: `{"proposedName": ..., "mode": "propose" | "enforce" | "disable"}`.
    """
    mode = (autonaming or {}).get("mode")
    if mode == "disable":
        return None
    proposed = (autonaming or {}).get("proposedName")
    if proposed:
        return rule.prefix + str(proposed)
    digits = hashlib.sha256(seed).hexdigest()[:RANDOM_DIGITS] if seed else secrets.token_hex(4)[:RANDOM_DIGITS]
    room = rule.longest - len(rule.prefix) - len(rule.separator) - RANDOM_DIGITS
    stem = (name.lower() if rule.lower else name)[:room]
    if rule.lower:
        stem = re.sub(r"[^a-z0-9._/-]", "-", stem)
    return f"{rule.prefix}{stem}{rule.separator}{digits}"
