"""The upstream registries that ECR can cache: a table with its source beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from ruamel.yaml import YAML


@dataclass(frozen=True)
class Upstream:
    """One upstream of a pull-through cache.

    Attributes:
        name: ECR's own name for it.
        url: Its registry URL; a regular expression where each customer has a host of their own.
        own_host: Whether that is so.
        credentials: What ECR needs to read from it.
        hosts: Other hosts that image references to it begin with.
        prefix: Namespace of the cached repositories by default.
    """

    name: str
    url: str
    own_host: bool
    credentials: Literal["none", "secret", "role"]
    hosts: tuple[str, ...]
    prefix: str

    def accepts(self, url: str) -> bool:
        """Whether a URL is one of this upstream's."""
        return bool(re.fullmatch(self.url, url)) if self.own_host else url == self.url


@cache
def upstreams() -> Mapping[str, Upstream]:
    """Every upstream by ECR's name for it."""
    rows = YAML(typ="safe", pure=True).load(files(__package__).joinpath("upstreams.yaml").read_text("utf-8"))
    return {name: _upstream(name, row) for name, row in cast("Mapping[str, Mapping[str, object]]", rows).items()}


def _upstream(name: str, row: Mapping[str, object]) -> Upstream:
    url = str(row["url"])
    own_host = url.startswith("/")
    return Upstream(
        name=name,
        url=url.strip("/") if own_host else url,
        own_host=own_host,
        credentials=cast("Literal['none', 'secret', 'role']", row["credentials"]),
        hosts=tuple(cast("list[str]", row.get("hosts", []))),
        prefix=str(row["prefix"]),
    )
