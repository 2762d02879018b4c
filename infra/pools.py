"""Whether the pools fit what is reserved, where the stack lives, and what their generations' releases hold."""

from __future__ import annotations

from collections.abc import Iterator

from components.base.context import StackContext
from components.base.validation import FieldPath
from components.gpu_cluster import checks, fit
from components.gpu_cluster.content import content
from components.k8s_platform import checks as platform
from infra.locks import Releases
from infra.settings import Settings

Finding = tuple[FieldPath, str, str]
"""Path below the settings, what is wrong, what to do."""


def pools_fit(settings: Settings, context: StackContext, releases: Releases) -> Iterator[Finding]:
    """Everything that is wrong with the pools and the cluster they are of; nothing for a stack without a release."""
    if releases.own is None:
        return
    pools, named, cluster = settings.pools, releases.named, settings.cluster
    yield from checks.problems(pools, settings.reservations, named, context, settings.zone_ids, content=content)
    yield from fit.addresses_fit(pools, settings.network)
    if cluster is not None:
        yield from platform.problems(cluster, settings.network, pools, named, own=releases.own, context=context)
    elif pools:
        yield ("pools",), "there is no cluster for them", "add herd:cluster, or take them out"
