"""What EC2's Describe operations have in common: filters with wildcards, pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.wire import Call


def matching(call: Call, items: Iterable[Mapping[str, Any]], members: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """The items that all of a call's filters let through; values may hold `*` and `?`.

    Args:
        call: The request.
        items: Things as boto3 shows them.
        members: Filter to the member it looks at, besides ``tag:KEY`` and ``tag-key``.

    Raises:
        AwsError: A filter that the operation doesn't have.
    """
    found = list(items)
    for each in call.get("Filters") or []:
        name, wanted = str(each["Name"]), list(each.get("Values") or [])
        if name not in members and name != "tag-key" and not name.startswith("tag:"):
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")
        found = [item for item in found if _passes(item, name, wanted, members)]
    return found


def _passes(item: Mapping[str, Any], name: str, wanted: list[str], members: Mapping[str, str]) -> bool:
    tags = {tag["Key"]: tag.get("Value", "") for tag in item.get("Tags") or []}
    if name == "tag-key":
        values = list(tags)
    elif name.startswith("tag:"):
        values = [tags[key] for key in [name.removeprefix("tag:")] if key in tags]
    else:
        values = [_text(item.get(members[name]))]
    return any(fnmatchcase(value, pattern) for value in values for pattern in wanted)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def paged(call: Call, member: str, items: list[Any]) -> dict[str, Any]:
    """The answer of a Describe operation, by pages where the call asks for them."""
    shown, token = world.page(items, call.get("NextToken"), call.get("MaxResults"))
    return {member: shown, **({"NextToken": token} if token else {})}


def tags_of(call: Call, kind: str) -> list[dict[str, str]]:
    """The tags that a create call gives a kind of thing."""
    found = [each for each in call.get("TagSpecifications") or [] if each.get("ResourceType") == kind]
    return [{"Key": tag["Key"], "Value": tag.get("Value", "")} for each in found for tag in each.get("Tags") or []]
