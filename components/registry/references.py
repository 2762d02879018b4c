"""Image references: what they are made of, and the grammar of ECR's names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# Source: ECR API reference, CreateRepository; each part of a path may join words by `.`, `_`, `__` or dashes.
PART: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY: Final = rf"^{PART}(?:/{PART})*$"
DIGEST: Final = r"sha256:[0-9a-f]{64}"
UNRESOLVED: Final = "unresolved"
# Source: OCI distribution specification, "Pulling manifests"; a host has a dot or a port, or is localhost.
_REFERENCE: Final = re.compile(
    rf"(?P<host>(?:[a-z0-9-]+\.)+[a-z0-9-]+(?::\d+)?)/(?P<path>{PART}(?:/{PART})*)"
    rf"(?::(?P<tag>\w[\w.-]{{0,127}}))?@(?P<digest>{DIGEST}|{UNRESOLVED})",
    re.ASCII,
)


@dataclass(frozen=True)
class Reference:
    """An image pinned by digest, or marked `unresolved` until someone reads the digest where the image lives.

    A tag beside the digest is for people.
    """

    host: str
    path: str
    digest: str
    tag: str | None = None

    @property
    def resolved(self) -> bool:
        """Whether the digest is known."""
        return self.digest != UNRESOLVED

    @property
    def pinned(self) -> str:
        """The reference by digest alone; as it stands where the digest is not known."""
        return f"{self.host}/{self.path}@{self.digest}" if self.resolved else str(self)

    def __str__(self) -> str:
        return f"{self.host}/{self.path}{f':{self.tag}' if self.tag else ''}@{self.digest}"


def parse(text: str) -> Reference:
    """Read `HOST/PATH[:TAG]@sha256:DIGEST`, or `...@unresolved`.

    Raises:
        ValueError: It isn't one: most often the digest is missing.
    """
    found = _REFERENCE.fullmatch(text)
    if not found:
        why = (
            "is not pinned by digest" if "@" not in text else "is not a full reference with a lower-case SHA-256 digest"
        )
        raise ValueError(f"{text!r} {why}: expected HOST/PATH[:TAG]@sha256:<64 hex digits>")
    return Reference(found["host"], found["path"], found["digest"], found["tag"])
