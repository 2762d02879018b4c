"""Lists a cloud by the table: every object of every known type, with its tags, less what AWS makes by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import jmespath
from botocore.config import Config
from botocore.exceptions import ClientError

from herd.cloud.accounts import access_key
from herd.cloud.audit.table import LISTINGS, Listing

# Enough to hide the latency of a real account, few enough not to be throttled there.
WORKERS = 8
GLOBAL_REGION = "us-east-1"
# What services answer when the one object that is asked for isn't there.
ABSENT = frozenset({"NoSuchTagSet", "RegistryPolicyNotFoundException", "ResourceNotFoundException"})


@dataclass(frozen=True)
class Found:
    """An object that exists.

    Attributes:
        type: Pulumi's resource type.
        id: The id Pulumi gives it.
        region: Where it is; of a global object, where its service is asked.
        account: Whose it is.
        name: Its name or its Name tag; empty if it has neither.
        tags: Its tags.
    """

    type: str
    id: str
    region: str
    account: str
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class _Place:
    endpoint: str | None
    account: str
    region: str

    def client(self, service: str) -> Any:
        return _client(self.endpoint, self.account, self.region, service)


def list_cloud(endpoint: str | None, account: str, regions: Sequence[str]) -> list[Found]:
    """Everything of the known types that an account holds.

    Args:
        endpoint: Address of a stand-in cloud; None for AWS with the credentials of the environment.
        account: 12-digit account.
        regions: Regions to look at.

    Raises:
        botocore.exceptions.ClientError: A list call was refused; what it would have shown is not known.
    """
    jobs = [
        (listing, _Place(endpoint, account, region if listing.scope == "regional" else GLOBAL_REGION))
        for listing in LISTINGS
        for region in (regions if listing.scope == "regional" else regions[:1])
    ]
    # Clients are made in this thread: boto3's default session is not safe to make them in several.
    for listing, place in jobs:
        place.client(listing.service)
    with ThreadPoolExecutor(WORKERS) as pool:
        found = [item for items in pool.map(lambda job: list(_list(*job)), jobs) for item in items]
    return sorted(_without_defaults(found, endpoint, account), key=lambda item: (item.type, item.region, item.id))


def _list(listing: Listing, place: _Place) -> Iterator[Found]:
    for item in _objects(listing, place):
        if _search(listing.ignore, item):
            continue
        tags = _tags(listing, item, place)
        name = str(_search(listing.name, item) or "") if listing.name else ""
        identity = _expression(listing.id, item, place)
        yield Found(listing.type, str(identity), place.region, place.account, name or tags.get("Name", ""), tags)


def _objects(listing: Listing, place: _Place) -> Iterator[Any]:
    parents = [item for item in _objects(listing.within, place)] if listing.within else [None]
    client = place.client(listing.service)
    for parent in parents:
        if listing.within and _search(listing.within.ignore, parent):
            continue
        parameters = {key: _parameter(value, parent, place) for key, value in listing.parameters}
        try:
            if client.can_paginate(listing.operation):
                pages = client.get_paginator(listing.operation).paginate(**parameters)
            else:
                pages = [getattr(client, listing.operation)(**parameters)]
            for page in pages:
                yield from _search(listing.items, page) or ()
        except ClientError as error:
            if error.response["Error"]["Code"] not in ABSENT:
                raise


def _parameter(value: object, parent: Any, place: _Place) -> object:
    if isinstance(value, tuple):
        return [_parameter(item, parent, place) for item in value]
    if value == "@@":
        return parent
    if isinstance(value, str) and value.startswith("@"):
        return place.account if value == "@account" else _search(value[1:], parent)
    return value


def _expression(expression: str, item: Any, place: _Place) -> Any:
    if expression == "@account":
        return place.account
    value = _search(expression, item)
    return value.replace("@account", place.account) if isinstance(value, str) else value


def _tags(listing: Listing, item: Any, place: _Place) -> dict[str, str]:
    raw = _search(listing.tags, item) if listing.tags else None
    if listing.tagged_by:
        operation, parameter, value, result = listing.tagged_by
        extra = {"ResourceType": "Parameter"} if listing.service == "ssm" else {}
        try:
            answer = getattr(place.client(listing.service), operation)(**{parameter: _search(value, item)}, **extra)
        except ClientError as error:
            # A bucket without tags answers with an error; an object that went since it was listed has none.
            if error.response["Error"]["Code"] not in ABSENT:
                raise
            return {}
        raw = _search(result, answer)
    if isinstance(raw, Mapping):
        return {str(key): str(value) for key, value in raw.items()}
    return {str(pair.get("Key", pair.get("key"))): str(pair.get("Value", pair.get("value", ""))) for pair in raw or ()}


def _without_defaults(found: list[Found], endpoint: str | None, account: str) -> list[Found]:
    """Drop what belongs to a default VPC and carries no mark of its own."""
    gone: set[str] = set()
    for region in {item.region for item in found if item.type == "aws:ec2/internetGateway:InternetGateway"}:
        client = _Place(endpoint, account, region).client("ec2")
        default = {vpc["VpcId"] for vpc in client.describe_vpcs()["Vpcs"] if vpc["IsDefault"]}
        for gateway in client.describe_internet_gateways()["InternetGateways"]:
            if any(attachment["VpcId"] in default for attachment in gateway["Attachments"]):
                gone.add(gateway["InternetGatewayId"])
    return [item for item in found if item.id not in gone]


@cache
def _compiled(expression: str) -> Any:
    return jmespath.compile(expression)


def _search(expression: str, value: Any) -> Any:
    return _compiled(expression).search(value)


@cache
def _client(endpoint: str | None, account: str, region: str, service: str) -> Any:
    config = Config(retries={"mode": "standard", "max_attempts": 5})
    if endpoint is None:
        return boto3.client(service, region_name=region, config=config)  # type: ignore[call-overload]
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=access_key(account),
        aws_secret_access_key="stand-in",  # noqa: S106 - nothing checks it
        aws_session_token=os.environ.get("AWS_SESSION_TOKEN") or None,
        config=config,
    )
