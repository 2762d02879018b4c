"""Placement groups; moto has none."""

from __future__ import annotations

import hashlib
from typing import Any

from herd.cloud.state import store
from herd.cloud.world import partition

SEEDED = {"Key": "herd:seeded", "Value": "true"}
"""The tag of what was there before any program ran: an audit doesn't count it."""


def plant_group(account: str, region: str, name: str) -> None:
    """Put a cluster placement group there, as if somebody had made it before."""
    store("ec2.placement_group", account, region).setdefault(
        name, _group(account, region, name, "cluster", tags=[SEEDED])
    )


def _group(account: str, region: str, name: str, strategy: str, **more: Any) -> dict[str, Any]:
    identifier = hashlib.sha256(f"{account}/{region}/{name}".encode()).hexdigest()[:17]
    return {
        "GroupName": name,
        "GroupId": f"pg-{identifier}",
        "GroupArn": f"arn:{partition(region)}:ec2:{region}:{account}:placement-group/{name}",
        "State": "available",
        "Strategy": strategy,
        "Tags": more.get("tags", []),
    }
