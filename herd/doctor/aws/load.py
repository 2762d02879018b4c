"""From a stack file to what it asks of its account."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.base.context import StackContext
from components.gpu_cluster.bounds import address_needs
from components.gpu_cluster.spec import Pool
from components.hardware.catalogue import zone_id
from components.network.values import Tier
from herd.doctor.aws.demand import Demand
from herd.pool.stack import load
from herd.stackfile import load_stack


def demand_of(root: Path, stack: str) -> Demand:
    """What a stack asks for.

    Args:
        root: Folder of Pulumi.yaml.
        stack: The stack's name.

    Raises:
        InvalidInputError: Every problem of the stack file's pools, and of the locks they name.
    """
    found = load(root, stack)
    found.check()
    settings = found.settings
    context = StackContext(
        project=found.project,
        stack=stack,
        environment=settings.environment,
        account=settings.account,
        region=settings.region,
        availability_zones=settings.availability_zones,
        tags={},
    )
    return Demand(
        context=context,
        zone_ids={zone: settings.zone_ids.get(zone) or zone_id(zone) for zone in settings.availability_zones},
        pools=found.pools,
        reservations=settings.reservations,
        releases=found.releases,
        release=found.releases[settings.release] if settings.release else None,
        subnets=_existing(root, stack),
        addresses={zone: _addresses(found.pools, zone) for zone in settings.availability_zones},
    )


def _addresses(pools: Mapping[str, Pool], zone: str) -> int:
    """What nodes take in a zone: those that are bound to it, and those that may all end up in any one."""
    needs = address_needs(pools, pods=False)
    return sum(need.addresses for need in needs if need.tier is Tier.PRIVATE and need.zone in (None, zone))


def _existing(root: Path, stack: str) -> dict[str, str]:
    """The nodes' subnets of a network that is only read."""
    loaded = load_stack(root, stack)
    network: Any = loaded.config.get(f"{loaded.project}:network") or {}
    existing = network.get("existing") or {}
    return {str(zone): str(subnet) for zone, subnet in ((existing.get("subnets") or {}).get("private") or {}).items()}
