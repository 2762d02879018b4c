"""The table: every resource type that the stand-in provider takes to the cloud, by type token."""

from __future__ import annotations

from collections.abc import Mapping

from herd.cloud.provider.row import Row
from herd.cloud.provider.rows import network

ROWS: Mapping[str, Row] = {row.type: row for module in (network,) for row in module.ROWS}
