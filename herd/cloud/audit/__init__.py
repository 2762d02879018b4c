"""The audit of a cloud: what is there, listed by the cloud itself and not by any state.

It needs nothing of the stand-in: with ordinary credentials it lists a real account in the same way. What AWS makes
for everybody (default VPCs, AWS-managed keys, service-linked roles, the default backup vault) is told by its own
markers and left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from components.base.problems import InvalidInputError, Problem
from herd.cloud.accounts import access_key
from herd.cloud.audit.contained import CONTAINED
from herd.cloud.audit.listing import Item, Listing, Scope, TagCall, evaluate, pages, tag_map
from herd.cloud.audit.table import TABLE

__all__ = ["CONTAINED", "TABLE", "Found", "enumerate"]

_HOME = "us-east-1"


@dataclass(frozen=True)
class Found:
    """One object the cloud holds.

    Attributes:
        type: Pulumi's type token.
        id: The id Pulumi gives it.
        region: Its region; ``global`` for what an account has once.
        account: 12-digit account.
        name: Its name or its Name tag; empty if it has neither.
        tags: Its tags; empty where such objects have none.
    """

    type: str
    id: str
    region: str
    account: str
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def enumerate(  # noqa: A001 - the audit's one verb; callers import it under a name of their own
    endpoint: str | None, account: str, regions: Sequence[str], *, types: Sequence[str] | None = None
) -> list[Found]:
    """Everything an account holds in some regions, minus what a fresh account holds.

    Args:
        endpoint: Address of a stand-in cloud; None lists real AWS with the credentials of the environment.
        account: 12-digit account.
        regions: Regions to look into; what an account has once is listed once.
        types: Only these types (and what has to be listed on the way to them); None for all.

    Raises:
        InvalidInputError: Something could not be listed; names every type and why. An audit that skips is no audit.
    """
    audit = _Audit(endpoint, account, types)
    found: list[Found] = []
    for region in dict.fromkeys(regions):
        found += audit.region(region)
    found += audit.once(list(dict.fromkeys(regions)))
    if audit.problems:
        raise InvalidInputError(audit.problems)
    return sorted(found, key=lambda each: (each.type, each.region, each.id))


class _Audit:
    def __init__(self, endpoint: str | None, account: str, types: Sequence[str] | None) -> None:
        self._endpoint = endpoint
        self._account = account
        self._wanted = _with_parents(types) if types is not None else None
        self._shown = frozenset(types) if types is not None else None
        self._clients: dict[tuple[str, str], Any] = {}
        self.problems: list[Problem] = []

    def region(self, region: str) -> list[Found]:
        """What a region holds."""
        vpcs = self._client("ec2", region).describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        context = {"_default_vpcs": [vpc["VpcId"] for vpc in vpcs], "_region": region, "_account": self._account}
        return self._walk(Scope.REGION, region, region, context)

    def once(self, regions: list[str]) -> list[Found]:
        """What the account holds once. Buckets are named once but live in a region: only those of `regions`."""
        home = regions[0] if regions else _HOME
        context = {"_default_vpcs": [], "_regions": regions, "_region": home, "_account": self._account}
        return self._walk(Scope.ACCOUNT, home, Scope.ACCOUNT.value, context)

    def _walk(self, scope: Scope, region: str, place: str, context: Item) -> list[Found]:
        seen: dict[str, list[Item]] = {}
        found: list[Found] = []
        for row in TABLE:
            if row.scope != scope or (self._wanted is not None and row.type not in self._wanted):
                continue
            try:
                seen[row.type] = list(self._items(row, region, context, seen))
                if self._shown is None or row.type in self._shown:
                    found += [self._found(row, item, region, place) for item in seen[row.type]]
            except (ClientError, BotoCoreError) as error:
                seen.setdefault(row.type, [])
                self.problems.append(
                    Problem(
                        "", 0, row.type, f"could not be listed with {row.service}.{row.operation} in {region}: {error}"
                    )
                )
        return found

    def _items(self, row: Listing, region: str, context: Item, seen: Mapping[str, list[Item]]) -> Iterator[Item]:
        client = self._client(row.service, region)
        for parent in seen[row.over] if row.over else [context]:
            try:
                for page in pages(client, row.operation, _params(row.params, parent)):
                    for raw in evaluate(row.items, {**page, "_parent": parent}) or []:
                        item = raw if isinstance(raw, dict) else {"value": raw}
                        item = {**item, **context, "_parent": parent if row.over else None}
                        if row.details:
                            operation, params, path = row.details
                            answer = getattr(client, operation)(
                                **{key: evaluate(path_, item) for key, path_ in params.items()}
                            )
                            item |= evaluate(path, answer) or {}
                        if row.keep is None or row.keep(item):
                            yield item
            except ClientError as error:
                if error.response["Error"]["Code"] not in row.none:
                    raise

    def _found(self, row: Listing, item: Item, region: str, place: str) -> Found:
        tags = self._tags(row, item, region)
        name = evaluate(row.name, item) if row.name else ""
        return Found(
            row.type,
            str(evaluate(row.id, item)),
            item.get("_place", place),
            self._account,
            str(name or tags.get("Name", "")),
            tags,
        )

    def _tags(self, row: Listing, item: Item, region: str) -> dict[str, str]:
        if row.tags is None:
            return {}
        if isinstance(row.tags, str):
            return tag_map(evaluate(row.tags, item))
        return self._asked_tags(row.tags, item, self._client(row.service, region))

    @staticmethod
    def _asked_tags(call: TagCall, item: Item, client: Any) -> dict[str, str]:
        try:
            answer = getattr(client, call.operation)(**{key: evaluate(path, item) for key, path in call.params.items()})
        except ClientError as error:
            if error.response["Error"]["Code"] in call.none:
                return {}
            raise
        return tag_map(evaluate(call.tags, answer))

    def _client(self, service: str, region: str) -> Any:
        key = service, region
        if key not in self._clients:
            make = _stand_in_client if self._endpoint else _client
            self._clients[key] = make(self._endpoint, self._account, service, region)
        return self._clients[key]


def _client(endpoint: str | None, account: str, service: str, region: str) -> Any:
    import boto3  # noqa: PLC0415 - slow, and not needed to look at the table

    credentials = {}
    if endpoint:
        credentials = {
            "endpoint_url": endpoint,
            "aws_access_key_id": access_key(account),
            "aws_secret_access_key": "stand-in",
        }
    make: Any = boto3.client
    return make(service, region_name=region, **credentials)


# Making clients takes longer than asking them: an audit of the same stand-in again keeps them.
_stand_in_client = lru_cache(maxsize=256)(_client)


def _params(params: Mapping[str, Any], item: Item) -> dict[str, Any]:
    return {
        key: evaluate(value[1:], item) if isinstance(value, str) and value.startswith("$") else value
        for key, value in params.items()
    }


def _with_parents(types: Sequence[str]) -> frozenset[str]:
    """The types and those that have to be listed first to list them."""
    over = {row.type: row.over for row in TABLE}
    unknown = sorted(set(types) - set(over))
    if unknown:
        raise InvalidInputError.one(f"the audit has no listing for {', '.join(unknown)}", field="types")
    wanted: set[str] = set()
    for each in types:
        current = each
        while current and current not in wanted:
            wanted.add(current)
            current = over[current]
    return frozenset(wanted)
