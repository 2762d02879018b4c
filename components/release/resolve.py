"""Which values of a lock are to be looked up, and the content with the answers put in. No looking up here."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.base.validation import FieldPath
from components.release.spec import UNRESOLVED, Chart, Image, Lock, Origin, VendorAmi


@dataclass(frozen=True)
class AmiQuery:
    """Which image does this public SSM parameter name in this region?"""

    path: FieldPath
    source: str
    region: str


@dataclass(frozen=True)
class ImageQuery:
    """Which digest has this tag?"""

    path: FieldPath
    repository: str
    tag: str


@dataclass(frozen=True)
class ChartQuery:
    """Which digest has this version of a chart?"""

    path: FieldPath
    repository: str
    chart: str
    version: str


Query = AmiQuery | ImageQuery | ChartQuery


@dataclass(frozen=True)
class Answer:
    """A value and where it was read."""

    value: str
    origin: Origin


def queries(lock: Lock, here: Origin) -> Iterator[Query]:
    """What has to be looked up for a lock to be usable `here` (AWS or a stand-in), in the file's order.

    What was read on AWS stays as it is on AWS: a lock never moves on to newer images by itself. On a stand-in the ids
    of AWS's images mean nothing, and AWS knows nothing of a stand-in's; a digest means the same everywhere.
    """
    for path, part in lock.parts():
        match part:
            case VendorAmi():
                elsewhere = part.resolved_from not in (None, here)
                for region, value in part.ids.items():
                    if elsewhere or value == UNRESOLVED:
                        yield AmiQuery((*path, "ids", region), part.source, region)
            case Image() if _digest_wanted(part, here):
                yield ImageQuery((*path, "digest"), part.repository, part.tag)
            case Chart() if _digest_wanted(part, here):
                yield ChartQuery((*path, "digest"), part.repository, part.chart, part.version)


def _digest_wanted(part: Image | Chart, here: Origin) -> bool:
    return part.digest == UNRESOLVED or (part.resolved_from is Origin.STAND_IN and here is not Origin.STAND_IN)


def resolved(content: Mapping[str, Any], answers: Mapping[Query, Answer]) -> dict[str, Any]:
    """The content with answers in their places and where they were read; everything else as it was."""
    new: dict[str, Any] = copy.deepcopy(dict(content))
    for query, answer in answers.items():
        section, name, *rest = query.path
        part = new[str(section)][name]
        if len(rest) > 1:
            part[rest[0]][rest[1]] = answer.value
        else:
            part[rest[0]] = answer.value
        part["resolved_from"] = answer.origin.value
    return new
