"""One row of the audit: how the cloud itself lists the objects of a type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

import jmespath

Item = dict[str, Any]
# A jmespath expression over an item, or a function of it.
Expression = str | Callable[[Item], Any]


class Scope(StrEnum):
    """Where a service keeps its objects: once in every region, or once in an account."""

    REGION = "region"
    ACCOUNT = "global"


@dataclass(frozen=True)
class TagCall:
    """Tags that have to be asked for.

    Attributes:
        operation: boto3's name of the call.
        params: Parameter to jmespath over the item.
        tags: jmespath to the tags in the answer.
        none: Error codes that mean there are none.
    """

    operation: str
    params: Mapping[str, str]
    tags: str = "Tags"
    none: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Listing:
    """How objects of one type are found.

    Expressions see the item's own members and besides ``_parent`` (the item of the row in `over`), ``_account``,
    ``_region`` and ``_default_vpcs``; an item that is a plain string is ``value``.

    Attributes:
        type: Pulumi's type token.
        service: boto3's name of the service.
        operation: boto3's name of the call that lists them; all pages are read.
        items: jmespath to the items in an answer.
        id: The id Pulumi gives such an object.
        name: Its name; an empty result falls back to its Name tag.
        tags: jmespath to tags in the item, a call, or None where such objects have none.
        params: Parameters of the call; with `over`, jmespath over the parent's item where a value begins with ``$``.
        keep: Tells the account's own objects from those that AWS makes for everybody.
        over: Type whose objects are gone through, one call for each.
        none: Error codes that mean there are none.
        details: A second call for each item, whose answer (at its jmespath) is laid over the item.
        scope: Where the objects live.
    """

    type: str
    service: str
    operation: str
    items: str
    id: Expression
    name: Expression = ""
    tags: str | TagCall | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    keep: Callable[[Item], bool] | None = None
    over: str = ""
    none: frozenset[str] = frozenset()
    details: tuple[str, Mapping[str, str], str] | None = None
    scope: Scope = Scope.REGION


@cache
def _compiled(expression: str) -> Any:
    return jmespath.compile(expression)


def evaluate(expression: Expression, item: Item) -> Any:
    """An expression's value over an item."""
    return expression(item) if callable(expression) else _compiled(expression).search(item)


def tag_map(tags: Any) -> dict[str, str]:
    """Tags as a plain mapping, from whichever form a service uses."""
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    pairs: Iterable[Mapping[str, str]] = tags or []
    return {
        tag.get("Key", tag.get("key", tag.get("TagKey", ""))): tag.get(
            "Value", tag.get("value", tag.get("TagValue", ""))
        )
        for tag in pairs
    }


def pages(client: Any, operation: str, params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every page of an answer."""
    if client.can_paginate(operation):
        yield from client.get_paginator(operation).paginate(**params)
        return
    # Some operations that answer in pages have no paginator in botocore (FSx's data repository associations).
    answer = getattr(client, operation)(**params)
    yield answer
    while answer.get("NextToken"):
        answer = getattr(client, operation)(**params, NextToken=answer["NextToken"])
        yield answer
