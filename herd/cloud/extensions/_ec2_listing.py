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


def tag_store(account: str, region: str) -> dict[str, dict[str, str]]:
    """The tags of all EC2 things of an account and region, by id; moto keeps them in one place."""
    from moto.ec2.models import ec2_backends  # noqa: PLC0415

    tags: dict[str, dict[str, str]] = ec2_backends[account][region].tags
    return tags


def tagged(account: str, region: str, identifier: str) -> list[dict[str, str]]:
    """The tags of a thing as Describe operations show them."""
    held = tag_store(account, region).get(identifier, {})
    return [{"Key": key, "Value": value} for key, value in held.items()]


def tag_new(call: Call, kind: str, identifier: str) -> None:
    """Give a thing the tags that its create call has for its kind."""
    found = [each for each in call.get("TagSpecifications") or [] if each.get("ResourceType") == kind]
    tags = {tag["Key"]: tag.get("Value", "") for each in found for tag in each.get("Tags") or []}
    tag_store(call.account, call.region)[identifier] = tags
