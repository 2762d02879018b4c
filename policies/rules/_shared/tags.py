"""The tags that a resource ends up with: its own and its provider's default ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Subject
from policies.engine.values import Reason, UnevaluatedError

_ANY: Final = "*"
_SPELLINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "owner": ("owner", "owned-by", "owners", "contact", "maintainer"),
    "team": ("team", "squad", "group", "department", "business-unit", "bu"),
    "cost-centre": ("cost-centre", "cost-center", "costcentre", "costcenter", "cost-code", "cost-allocation"),
    "environment": ("environment", "env", "stage", "tier"),
    "release": ("release", "release-name", "version", "app-version", "release-lock", "release-id"),
    "data-class": ("data-class", "dataclass", "data-classification", "classification", "data", "sensitivity"),
    "ttl": ("ttl", "expires", "expiry", "expiration", "expires-at", "delete-after"),
}
"""Names that organisations give to the same tag, as AWS's "Best Practices for Tagging AWS Resources" lists them."""


def own_tags(node: Node) -> dict[str, Node]:
    """Tags as a map, or as a list of keys and values (Auto Scaling, ParallelCluster)."""
    items = list(node.each())
    if not items or items[0].path == node.path:
        return node.entries() if items else {}
    pairs = [(one.text("Key") or one.text("key"), one) for one in items]
    return {key: one.at("Value") if one.has("Value") else one.at("value") for key, one in pairs if key}


def default_tags(resource: Subject) -> dict[str, Node]:
    """The tags that its provider puts on everything; the provider's inputs hold them as JSON or as a map."""
    return resource.provider.document("defaultTags").at("tags").entries()


def tags(resource: Subject) -> dict[str, Node]:
    """Own tags over the provider's default ones; what a saved deployment knows of all of them, too.

    Raises:
        UnevaluatedError: Some of them are hidden.
    """
    return {
        **default_tags(resource),
        **resource.outputs.entries("tagsAll"),
        **resource.props.entries("tagsAll"),
        **own_tags(resource.props.at("tags")),
    }


def lacking(required: Iterable[str], given: Mapping[str, Node]) -> list[str]:
    """Which of the required tags are absent or empty, whatever people spell them like.

    Raises:
        UnevaluatedError: Some are not there, and only the cloud knows what else is.
    """
    present = {_plain(key) for key, value in given.items() if value.text()}
    present |= {key.rpartition(":")[2].rpartition("/")[2] for key in present}
    missing = [name for name in required if not present.intersection(map(_plain, _SPELLINGS.get(name, (name,))))]
    # What a render shows of a map that is read from elsewhere (`vpc.tags_all`); no tag has such a name.
    if missing and _ANY in given:
        raise UnevaluatedError(
            Reason.UNKNOWN, f"only the cloud knows these tags ({given[_ANY].text()})", given[_ANY].path
        )
    return missing


def _plain(name: str) -> str:
    """Without what spellings differ in: `CostCentre`, `cost_centre`, `cost-centre`, `herd:cost-centre`."""
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")
