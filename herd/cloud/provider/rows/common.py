"""What rows of several services share."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from herd.cloud.provider.row import Call, Find, Read, Tags
from herd.cloud.provider.scope import Scope


def ec2_tags(kind: str) -> Tags:
    """EC2's tags: TagSpecifications at creation, one pair of calls for every kind of thing."""
    return Tags(
        create="TagSpecifications",
        spec=kind,
        tag="create_tags",
        untag="delete_tags",
        owner=("Resources", "$id"),
        keys_param="Tags",
        keys_form="pairs",
    )


def listed_tags(
    owner: tuple[str, Any], operation: str = "list_tags_for_resource", found: str = "Tags", **spelling: Any
) -> Tags:
    """Tags that are read with a call of their own, which names the thing as the other tag calls do."""
    named = {owner[0]: owner[1], **spelling.get("extra", {})}
    return Tags(owner=owner, read=Read(Call(operation, named), found), **spelling)


def ec2_arn(kind: str) -> Callable[[Scope], str]:
    """The ARN of an EC2 thing from its id."""
    return lambda scope: scope.arn("ec2", f"{kind}/{scope.id}")


def ec2_find(operation: str, ids: str, filters: Mapping[str, str] | None = None) -> Find:
    """EC2 things by filters, each an expression over the scope."""
    asked = [{"Name": name, "Values": [value]} for name, value in (filters or {}).items()]
    return Find(Call(operation, {"Filters": asked} if asked else {}), ids)


def hashcode(text: str) -> int:
    """Terraform's hash of a string in ids: the IEEE CRC-32."""
    return zlib.crc32(text.encode())


def split(separator: str, *names: str) -> Callable[[str], dict[str, Any]]:
    """A parser of ids that are properties joined by a separator."""
    return lambda id_: dict(zip(names, id_.split(separator, len(names) - 1), strict=False))


@dataclass(frozen=True)
class input_of:  # noqa: N801 - reads as a function in the rows
    """An input, or what the state says of it: for reads and deletes, where inputs may be missing."""

    name: str

    def __call__(self, scope: Scope) -> Any:
        """Look it up."""
        return scope.given(self.name)


def inputs_of(*names: str) -> Mapping[str, Callable[[Scope], Any]]:
    """Parameters named like inputs but for the capital letter."""
    return {name[0].upper() + name[1:]: input_of(name) for name in names}
