"""What an account has before any program runs: reservations bought by hand, quotas that AWS granted."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from components.base.problems import InvalidInputError


def reservations(endpoint: str, account: str, region: str, items: Iterable[Mapping[str, Any]]) -> None:
    """Put capacity reservations and blocks into a stand-in cloud; those that are there already are replaced.

    Args:
        endpoint: Address of the stand-in cloud.
        account: 12-digit account that owns them.
        region: Their region.
        items: Each ``{id, instance_type, zone, count, kind}`` with kind `open`, `targeted` or `capacity-block`; a block
            also has `start` and `end` (moments, or ISO 8601), a targeted one may have `placement_group` (by name) and
            `group`: the ARN of the resource group it is in, which needs no `id`.

    Raises:
        InvalidInputError: An item that can't be; says which and why. Then none was put in.
    """
    _post(endpoint, {"reservations": {"account": account, "region": region, "items": [_plain(each) for each in items]}})


def quotas(endpoint: str, account: str, region: str, values: Mapping[str, float]) -> None:
    """Grant EC2 quotas: quota code (such as ``L-417A185B``) to vCPUs. A granted quota is also enforced.

    Raises:
        InvalidInputError: A code that no EC2 quota has.
    """
    _post(endpoint, {"quotas": {"account": account, "region": region, "items": dict(values)}})


def images(endpoint: str, account: str, region: str, items: Iterable[Mapping[str, Any]]) -> None:
    """Put machine images into a stand-in cloud: what was built or shared before.

    Args:
        endpoint: Address of the stand-in cloud.
        account: 12-digit account that owns them.
        region: Their region.
        items: Each ``{id, architecture}``, and `name`, `root_device` and `size_gib` where it matters.

    Raises:
        InvalidInputError: An item that can't be; says which and why. Then none was put in.
    """
    _post(endpoint, {"images": {"account": account, "region": region, "items": [dict(each) for each in items]}})


def clock(endpoint: str, instant: datetime) -> None:
    """Make it this moment in the stand-in cloud; its clock goes on from there."""
    _ask(endpoint, "clock", {"now": instant.isoformat()})


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in item.items()}


def _post(endpoint: str, value: Mapping[str, Any]) -> None:
    _ask(endpoint, "seed", value)


def _ask(endpoint: str, route: str, value: Mapping[str, Any]) -> None:
    request = urllib.request.Request(  # noqa: S310 - a loopback address that the caller has
        f"{endpoint.rstrip('/')}/_herd/{route}",
        data=json.dumps(value).encode(),
        method="POST",
        headers={"Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        raise InvalidInputError.one(json.loads(error.read())["error"], field=route) from error
