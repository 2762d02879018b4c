"""The table: every resource type that the stand-in provider takes to the cloud, by type token."""

from __future__ import annotations

from collections.abc import Mapping

from herd.cloud.provider.row import Row
from herd.cloud.provider.rows import (
    anomalies,
    autoscaling,
    backup,
    buckets,
    compute,
    costs,
    efs,
    eks,
    eks_nodes,
    endpoints,
    fsx,
    iam,
    images,
    keys,
    logs,
    messaging,
    network,
    parameters,
    queues,
    registry,
    routes,
    security,
)

MODULES = (
    compute,
    autoscaling,
    queues,
    network,
    routes,
    security,
    endpoints,
    iam,
    keys,
    logs,
    buckets,
    registry,
    efs,
    fsx,
    backup,
    costs,
    anomalies,
    messaging,
    parameters,
    eks,
    eks_nodes,
    images,
)
ROWS: Mapping[str, Row] = {row.type: row for module in MODULES for row in module.ROWS}
