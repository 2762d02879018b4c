"""What all parts of the EKS model share: its data, the clusters held, updates, and the errors of EKS."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.policies import PolicyError, statements, strings
from herd.cloud.wire import Call

Held = dict[str, Any]


@cache
def facts() -> dict[str, Any]:
    """`eks.yaml`: versions, add-ons, access policies."""
    found: dict[str, Any] = YAML(typ="safe").load(Path(__file__).with_name("eks.yaml").read_text(encoding="utf-8"))
    return found


def invalid(message: str, **members: object) -> AwsError:
    """A parameter EKS doesn't take."""
    return AwsError("InvalidParameterException", message, 400, **members)


def refused(message: str) -> AwsError:
    """A request that doesn't fit the state of things."""
    return AwsError("InvalidRequestException", message, 400)


def in_use(message: str) -> AwsError:
    """Something is there already, or hangs on what is to go."""
    return AwsError("ResourceInUseException", message, 409)


def absent(message: str) -> AwsError:
    """There is no such thing."""
    return AwsError("ResourceNotFoundException", message, 404)


def cluster(call: Call, name: str | None = None) -> Held:
    """A cluster, by the name the request gives.

    Raises:
        AwsError: There is none.
    """
    wanted = name or call.get("clusterName") or call.get("name")
    found: Held | None = call.objects("cluster").get(str(wanted))
    if found is None:
        raise absent(f"No cluster found for name: {wanted}.")
    return found


def parts(call: Call, kind: str, owner: str) -> dict[str, Held]:
    """The node groups, add-ons, access entries or pod identity associations of a cluster."""
    found: dict[str, Held] = call.objects(kind).setdefault(owner, {})
    return found


def arn(call: Call, kind: str, *names: str) -> str:
    """The ARN of a part of a cluster, as EKS ends them: with an id of its own."""
    return world.arn(call, "eks", "/".join((kind, *names, str(uuid.uuid4()))))


def listed(call: Call, key: str, items: Iterable[Any]) -> dict[str, Any]:
    """One page of a list."""
    shown, token = world.page(list(items), call.get("nextToken"), call.get("maxResults") or 100)
    return {key: shown, "nextToken": token}


def repeated(held: Mapping[str, Any] | None, call: Call) -> bool:
    """Whether a create is the same request once more: its token is the one that made what is there."""
    token = call.get("clientRequestToken")
    return held is not None and token is not None and held.get("_token") == token


def public(held: Mapping[str, Any]) -> Held:
    """What an answer shows of something held: not our own notes."""
    return {key: value for key, value in held.items() if not key.startswith("_")}


def note_update(owner: Held, kind: str, params: Mapping[str, Any], errors: list[Held] | None = None) -> Held:
    """Keep an update of a cluster or one of its parts; it is through at once, one way or the other."""
    update = {
        "id": str(uuid.uuid4()),
        "status": "Failed" if errors else "Successful",
        "type": kind,
        "params": [{"type": key, "value": _text(value)} for key, value in params.items() if value is not None],
        "createdAt": world.now(),
        "errors": errors or [],
    }
    owner.setdefault("_updates", {})[update["id"]] = update
    return {"update": update}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def role(call: Call, role_arn: str) -> Any | None:
    """An IAM role by ARN, or None."""
    from moto.iam.models import iam_backends  # noqa: PLC0415

    match = re.fullmatch(r"arn:[\w-]+:iam::(\d{12}):role/.+", role_arn)
    if match is None:
        return None
    roles = iam_backends[match[1]][world.partition(call.region)].roles.values()
    return next((each for each in roles if each.arn == role_arn), None)


def trusts(found: Any, service: str, *actions: str) -> bool:
    """Whether a role's trust policy lets a service do all of some actions with it."""
    try:
        allowed = statements(str(found.assume_role_policy_document))
    except PolicyError:
        return False
    granted: set[str] = set()
    for statement in allowed:
        principal = statement.get("Principal")
        if statement["Effect"] != "Allow" or not isinstance(principal, dict):
            continue
        services = {each.removesuffix(".cn") for each in strings(principal.get("Service"))}
        if service in services:
            granted |= set(strings(statement.get("Action")))
    return all(each in granted or "sts:*" in granted or "*" in granted for each in actions)


def vpc_blocks(call: Call, vpc_id: str) -> list[str]:
    """The IPv4 blocks of a VPC."""
    vpc = world.ec2(call).vpcs[vpc_id]
    return [each["cidr_block"] for each in vpc.get_cidr_block_association_set(ipv6=False)]
