"""What comes and goes with a release; the foundation stays as it is."""

from __future__ import annotations

from typing import Any

import pulumi

from components.base.context import StackContext
from components.release.component import ReleasedParameters
from infra.cluster import build_cluster
from infra.foundation import Foundation
from infra.locks import Releases
from infra.providers import Providers
from infra.settings import Settings


def build_release(
    settings: Settings, releases: Releases, context: StackContext, providers: Providers, foundation: Foundation
) -> dict[str, Any]:
    """Register what the release brings and return its outputs; nothing for a stack without a release."""
    pinned = releases.own
    if pinned is None:
        return {}
    published = ReleasedParameters("release", pinned, context, opts=pulumi.ResourceOptions(providers=[providers.main]))
    return {
        "release": {"name": pinned.name, "sha256": pinned.sha256, "path": published.path},
        **build_cluster(settings, releases, context, providers, foundation),
    }
