"""Auto-naming as the bridged provider does it: the resource's name, a dash and seven hexadecimal digits.

Sources: pulumi-terraform-bridge, `pkg/tfbridge/names.go`; pulumi-aws, `provider/resources.go` (exceptions by type).
"""

from __future__ import annotations

import hashlib
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
        longest: Longest name that the bridge makes; a longer one is refused, as there.
        lower: Whether the resource's name is turned to lower case.
        prefix: Text that the service demands in front, such as ``alias/``.
        suffix: An input and the text that the service demands at the end when it is set.
    """

    input: str = "name"
    separator: str = "-"
    longest: int = 255
    lower: bool = False
    prefix: str = ""
    suffix: tuple[str, str] = ("", "")


def auto_name(rule: AutoName, name: str, seed: bytes, autonaming: Mapping[str, Any] | None = None) -> str | None:
    """The name to use; None when the engine's auto-naming is disabled.

    Args:
        rule: The type's rule.
        name: The resource's name in the program.
        seed: The engine's random seed; equal seeds give equal names. Empty means truly random.
        autonaming: The engine's own proposal: `{"proposedName": ..., "mode": "propose" | "enforce" | "disable"}`.

    Raises:
        ValueError: The name would be too long.
    """
    mode = (autonaming or {}).get("mode")
    if mode == "disable":
        return None
    proposed = (autonaming or {}).get("proposedName")
    if proposed:
        return rule.prefix + str(proposed)
    digits = hashlib.sha256(seed).hexdigest()[:RANDOM_DIGITS] if seed else secrets.token_hex(4)[:RANDOM_DIGITS]
    made = f"{name.lower() if rule.lower else name}{rule.separator}{digits}"
    if len(made) > rule.longest:
        raise ValueError(
            f"name {name!r} plus {RANDOM_DIGITS} random digits is longer than the {rule.longest} characters allowed"
        )
    return rule.prefix + made
