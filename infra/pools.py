"""Whether the pools fit what is reserved, where the stack lives, and what their generations' releases hold."""

from __future__ import annotations

from collections.abc import Iterator

from components.base.context import StackContext
from components.base.validation import FieldPath
from components.gpu_cluster import fit
from components.gpu_cluster.content import content
from infra.locks import Releases
from infra.settings import Settings

Finding = tuple[FieldPath, str, str]
"""Path below the settings, what is wrong, what to do."""


def pools_fit(settings: Settings, context: StackContext, releases: Releases) -> Iterator[Finding]:
    """Everything that is wrong with the pools and the cluster they are of; nothing for a stack without a release."""
    if releases.own is None:
        return
    around = fit.Around(
        settings.cluster,
        settings.network,
        settings.reservations,
        releases.named,
        releases.own,
        context,
        settings.zone_ids,
    )
    yield from fit.everything(settings.pools, around, content=content)
