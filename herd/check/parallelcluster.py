"""ParallelCluster 3 configuration files as the law sees them.

Keys: docs.aws.amazon.com/parallelcluster/latest/ug, "Cluster configuration file"; HeadNode and Scheduling are required.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

from herd.check.yaml_documents import Document
from policies.engine.subject import Origin, Place, Subject
from policies.engine.types import PARALLELCLUSTER

REQUIRED: Final = ("HeadNode", "Scheduling")


def is_configuration(data: Mapping[str, Any]) -> bool:
    """Whether a document is a cluster configuration."""
    return all(key in data for key in REQUIRED)


def subject(document: Document, shown: str) -> Subject:
    """The configuration; it has no name of its own, so its file's is taken."""
    name = PurePath(shown).stem or "cluster"
    return Subject(
        urn=f"Cluster/{name}",
        type=PARALLELCLUSTER,
        name=name,
        values=document.data,
        origin=Origin.FILE,
        place=Place(shown, document.lines.line),
        line_of=document.lines.of,
    )
