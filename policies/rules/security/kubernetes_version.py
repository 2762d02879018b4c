"""HERD-047: clusters run a Kubernetes version that AWS still patches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared.machines.templates import NODE_GROUP
from policies.rules._shared.types import EKS_CLUSTER

CALENDAR: Final = Path(__file__).with_name("kubernetes_versions.yaml")
_VERSION: Final = re.compile(r"1\.(\d+)(?:\.\d+)?")


@cache
def patched_until() -> tuple[date, dict[int, date | None]]:
    """The day the calendar was looked up, and the last day of patches by minor version; None if not announced."""
    data = YAML(typ="safe", pure=True).load(CALENDAR.read_text("utf-8"))
    days: dict[int, date | None] = {int(name.partition(".")[2]): day for name, day in data["patched_until"].items()}
    return data["reviewed"], days


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Judged by the day in the calendar's file. Without a version EKS takes its newest default, which is patched."""
    place = resource.props.at("version")
    version = place.literal()
    if version is None:
        return
    match = _VERSION.fullmatch(version.strip().removeprefix("v"))
    if not match:
        raise UnevaluatedError(Reason.MISSHAPEN, f"{version!r} is no Kubernetes version such as 1.35", place.path)
    minor, (today, days) = int(match[1]), patched_until()
    if minor > max(days):
        message = f"the calendar ({CALENDAR.name}, {today}) doesn't know Kubernetes {version} yet"
        raise UnevaluatedError(Reason.ABSENT, message, place.path)
    last = days.get(minor, date.min)
    if last is not None and last < today:
        told = "long ago" if last == date.min else f"on {last}"
        yield Violation(place, f"Kubernetes {version} got its last patch {told}")


RULE: Final = ResourceRule(
    id="HERD-047",
    name="kubernetes-version-supported",
    pack="security",
    title="Clusters run a Kubernetes version that AWS still patches",
    severity=everywhere(Severity.HIGH),
    types=(EKS_CLUSTER, NODE_GROUP),
    properties=("version",),
    why=(
        "After the end of extended support nobody mends the control plane, and AWS upgrades it on a day of its own"
        " choice, with jobs on it."
    ),
    fix="Upgrade minor by minor to a version in standard support, first the control plane, then the node pools.",
    mappings={"checkov": ("CKV_AWS_339",), "fsbp": ("EKS.2",), "prowler": ("eks_cluster_uses_a_supported_version",)},
    check=check,
)
