"""What people call things: words in names, tags and logical names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Subject

# Not "no-bastion", nor "from-bastion", which is the rule of a group that lets one in.
_BASTION: Final = re.compile(r"(?<![a-z])(?<!no-)(?<!from-)(bastion|jump[-_ ]?(box|host|server))", re.IGNORECASE)


def is_bastion(name: str) -> bool:
    """Whether a name is that of a host through which people reach others."""
    return bool(_BASTION.search(name))


def called(resource: Subject) -> Iterator[tuple[Node, str]]:
    """What a resource is called, with the place that says so: name, `Name` tag, its instances' tag, logical name."""
    props = resource.props
    for key in ("name", "namePrefix"):
        if name := props.text(key):
            yield props.at(key), name
    yield from _name_tag(props.at("tags"))
    for specification in props.each("tagSpecifications"):
        yield from _name_tag(specification.at("tags"))
    yield props, resource.name


def _name_tag(tags: Node) -> Iterator[tuple[Node, str]]:
    """The `Name` among tags, a map or (of Auto Scaling groups) a list of keys and values."""
    for one in tags.each():
        at = one.at("value") if one.text("key") == "Name" else one.at("Name")
        if name := at.text():
            yield at, name
