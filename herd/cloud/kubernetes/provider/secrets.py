"""What is secret in what was asked for stays so in what came back.

Source: provider.go, `annotateSecrets`: maps are gone through, of lists that hold a secret the whole is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud.provider.wire import Secret, holds


def annotated(outs: Any, ins: Any) -> Any:
    """The outputs with the secrets of the inputs wrapped again."""
    if isinstance(outs, Secret):
        return outs
    if isinstance(ins, Secret):
        return Secret(outs)
    if isinstance(outs, Mapping) and isinstance(ins, Mapping):
        return {key: annotated(value, ins.get(key)) for key, value in outs.items()}
    return Secret(outs) if isinstance(ins, list) and holds(ins, Secret) else outs
