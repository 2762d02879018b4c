"""The installation of Helm charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

from components.base.component import HerdComponent
from components.k8s_platform.documents import SYSTEM_NAMESPACE
from components.k8s_platform.pins import parse

TIMEOUT_SECONDS: Final = 600
HISTORY: Final = 5
"""Revisions Helm keeps of a release: each is a secret in the cluster."""


def install(
    component: HerdComponent,
    name: str,
    pinned: str,
    values: Mapping[str, Any] | None = None,
    *,
    skip_crds: bool = False,
    depends_on: Sequence[pulumi.Resource] = (),
) -> Release:
    """Register a chart's installation in the system namespace, under the chart's own name.

    Args:
        component: Its parent, with a Kubernetes provider.
        name: The resource's name.
        pinned: The chart, as a release names it.
        values: What differs from the chart's own values.
        skip_crds: Leave out the definitions of custom resources that come with it: Helm makes them once and never
            updates them; another chart owns them.
        depends_on: What its pods need.
    """
    chart = parse(pinned)
    return Release(
        name,
        # A random suffix would end in the names of service accounts, which roles are tied to.
        name=chart.name,
        namespace=SYSTEM_NAMESPACE,
        chart=chart.reference,
        version=chart.version,
        repository_opts=None if chart.in_registry else RepositoryOptsArgs(repo=chart.repository),
        # The digest is said even where Helm can't hold a chart to it, so that another one shows in every review.
        description=chart.digest,
        values=dict(values or {}),
        skip_crds=skip_crds or None,
        # A first installation that fails is taken away, an upgrade that fails is taken back: the next run starts clean.
        atomic=True,
        cleanup_on_fail=True,
        max_history=HISTORY,
        timeout=TIMEOUT_SECONDS,
        opts=component.child(depends_on=depends_on),
    )
