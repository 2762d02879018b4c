"""What comes and goes with a release; the foundation stays as it is."""

from __future__ import annotations

from typing import Any

import pulumi

from components.base.context import StackContext
from components.release.component import ReleasedParameters
from components.release.spec import ReleaseSpec
from infra.providers import Providers


def build_release(pinned: ReleaseSpec, context: StackContext, providers: Providers) -> dict[str, Any]:
    """Register what the release brings and return its outputs."""
    published = ReleasedParameters("release", pinned, context, opts=pulumi.ResourceOptions(providers=[providers.main]))
    return {"name": pinned.name, "sha256": pinned.sha256, "path": published.path}
