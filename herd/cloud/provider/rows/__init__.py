"""The table: every resource type that the stand-in provider takes to the cloud, by type token."""

from __future__ import annotations

from collections.abc import Mapping

from herd.cloud.provider.row import Row
from herd.cloud.provider.rows import buckets, endpoints, iam, keys, logs, network, security

MODULES = (network, security, endpoints, iam, keys, logs, buckets)
ROWS: Mapping[str, Row] = {row.type: row for module in MODULES for row in module.ROWS}
