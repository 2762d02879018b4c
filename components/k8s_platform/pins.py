"""Charts as a release pins them: `REPOSITORY/CHART:VERSION@DIGEST`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from components.release.spec import UNRESOLVED

_PINNED: Final = re.compile(
    r"(?P<repository>(?:oci|https)://\S+)/(?P<chart>[^/:@\s]+):(?P<version>[^/:@\s]+)"
    r"@(?P<digest>sha256:[0-9a-f]{64}|unresolved)"
)


@dataclass(frozen=True)
class Chart:
    """A chart as a release names it."""

    repository: str
    name: str
    version: str
    digest: str

    @property
    def in_registry(self) -> bool:
        """Whether it lives in an OCI registry, where a digest names it."""
        return self.repository.startswith("oci://")

    @property
    def reference(self) -> str:
        """What Helm is asked for: by digest in a registry (Helm 3.18 and newer), else by name.

        With a version beside the digest Helm also refuses a tag that has moved.
        """
        if not self.in_registry:
            return self.name
        at = "" if self.digest == UNRESOLVED else f"@{self.digest}"
        return f"{self.repository}/{self.name}{at}"


def parse(pinned: str) -> Chart:
    """Read a pinned chart.

    Raises:
        ValueError: It isn't one.
    """
    if not (found := _PINNED.fullmatch(pinned)):
        raise ValueError(f"{pinned!r} is no pinned chart: expected REPOSITORY/CHART:VERSION@DIGEST")
    return Chart(found["repository"], found["chart"], found["version"], found["digest"])
