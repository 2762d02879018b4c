"""The texts a recipe is made of: pinned, or marked as what nobody has looked up yet."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from components.release.spec import UNRESOLVED, Name

__all__ = ["UNRESOLVED", "Address", "Checksum", "Exact", "FileName", "Name", "PackageName", "Path", "Pinned"]

# Words in an address that stand for whatever is there today. Source: what mirrors and GitHub call moving targets.
MOVING: Final = re.compile(
    r"(?:^|[/_.=-])(latest|main|master|head|nightly|current|stable)(?=$|[/_.?&-])", re.IGNORECASE
)
# AWSTOE replaces {{ }} in every text of a document before it runs it. Source: User Guide, "Use variables".
TEMPLATE: Final = "{{"


class Pinned(BaseModel):
    """A part of a recipe: frozen, complete, no unknown keys; keys are snake_case, as in a lock."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _not_moving(value: str) -> str:
    if found := MOVING.search(value):
        raise ValueError(f"{found[1]!r} is whatever is there today: name one version")
    return value


def _no_template(value: str) -> str:
    if TEMPLATE in value:
        raise ValueError("{{ starts a variable of AWSTOE: it would be replaced before the step runs")
    return value


Text = Annotated[str, AfterValidator(_no_template)]
"""Any text that AWSTOE leaves as it is."""

Path = Annotated[str, StringConstraints(pattern=r"^/[\w.+@/-]+$", max_length=255), AfterValidator(_no_template)]
"""An absolute path in the image."""

FileName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
"""A file beside the recipes, in `files/`."""

PackageName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][\w.+-]*$", max_length=128)]

Exact = Annotated[str, StringConstraints(pattern=r"^(\d+:)?v?\d[\w.+~-]*$", max_length=64), AfterValidator(_not_moving)]
"""One version, with the release where the packager counts them: `6.12.94-123.180.amzn2023`. No ranges, no wildcards."""

Checksum = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64}|unresolved)$")]
"""A SHA-256 in hex."""

Address = Annotated[
    str,
    StringConstraints(pattern=r"^https://[a-z0-9.-]+(?::\d+)?/[\w./~%+=&?@-]+$", max_length=1024),
    AfterValidator(_not_moving),
]
"""Where one version of something is, over TLS."""
