"""Machine images: whether the id of one is pinned, and to a release."""

from __future__ import annotations

import re
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.values import Reason, Reference, UnevaluatedError

_AMI: Final = re.compile(r"ami-[\w-]+")
_BLANK: Final = re.compile(r"\$\{\w+\}|\$\w+|<[^<>]+>")
"""What templates of files have where somebody fills an id in: ${CUSTOM_AMI}, <ami-id>."""
_TOKEN: Final = re.compile(r"invoke:([^#]+)")
_PLACEHOLDERS: Final = frozenset({"unresolved"})
"""What a lock holds for an image that nobody has built yet: it starts nothing."""


def moves(node: Node, facts: Facts) -> str:
    """Why a machine image's id isn't pinned to a release; empty if it is, or if there is none.

    Where nobody knows a release's images (a file, a foreign deployment, a checkout without locks) an id that stands
    there as it is counts as pinned.

    Raises:
        UnevaluatedError: It is unknown, or a template's blank.
    """
    value = node.text()
    if not value:
        return ""
    if isinstance(value, Reference):
        return _reference(value)
    if value in (_PLACEHOLDERS if facts.images is None else facts.images):
        return ""
    if value.startswith("resolve:ssm:"):
        return f"looks the image up at every launch ({value})"
    if _BLANK.fullmatch(value):
        raise UnevaluatedError(Reason.UNKNOWN, f"{value} is filled in later", node.path)
    if not _AMI.fullmatch(value):
        return f"{value!r} is no image's id"
    return "" if facts.images is None else f"{value} stands in no release lock"


def _reference(value: Reference) -> str:
    if value.looked_up:
        token = _TOKEN.match(value.owner)
        name = token[1].rsplit(":", 1)[-1] if token else "a function"
        return f"is what {name} finds, which may be another image tomorrow"
    kind = value.owner.split("::")[2].rsplit("$", 1)[-1] if value.owner.count("::") > 1 else value.owner
    return f"is taken from another resource ({kind}), not from a release"
