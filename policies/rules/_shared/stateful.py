"""Which types hold state that nobody can make again."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from ruamel.yaml import YAML


def _table() -> Mapping[str, str | None]:
    text = files(__package__).joinpath("stateful.yaml").read_text("utf-8")
    found: dict[str, str | None] = YAML(typ="safe", pure=True).load(text)
    return found


STATEFUL: Final = _table()
"""Type -> the property that protects it against deletion in AWS; None if the API has none."""

FORCED: Final = {
    "aws:s3/bucket:Bucket": "forceDestroy",
    "aws:s3/directoryBucket:DirectoryBucket": "forceDestroy",
    "aws:s3tables/tableBucket:TableBucket": "forceDestroy",
    "aws:ecr/repository:Repository": "forceDelete",
    "aws:backup/vault:Vault": "forceDestroy",
    "aws:dsql/cluster:Cluster": "forceDestroy",
}
"""Type -> the switch that undoes what protects by itself: it empties what AWS only deletes empty, or lifts a guard."""


def is_on(value: str | None) -> bool:
    """Whether a service's switch is on, as the services spell it."""
    return value is not None and value.lower() in ("true", "active", "enabled")
