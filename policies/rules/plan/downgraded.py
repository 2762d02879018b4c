"""HERD-P6: no version of what can't go back is lowered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.plan import Operation, Plan, PlanRule
from policies.engine.rule import Severity, Violation, everywhere

VERSIONS: Final = {
    "aws:eks/cluster:Cluster": "version",
    "aws:rds/instance:Instance": "engineVersion",
    "aws:rds/cluster:Cluster": "engineVersion",
    "aws:docdb/cluster:Cluster": "engineVersion",
    "aws:elasticache/replicationGroup:ReplicationGroup": "engineVersion",
    "aws:opensearch/domain:Domain": "engineVersion",
    "aws:msk/cluster:Cluster": "kafkaVersion",
    "aws:fsx/lustreFileSystem:LustreFileSystem": "fileSystemTypeVersion",
}
_NUMBERS: Final = re.compile(r"\d+(?:\.\d+)*")


def check(operation: Operation, plan: Plan, facts: Facts) -> Iterator[Violation]:
    """AWS refuses to lower most of these, minutes into the run; the rest are replaced and lose their data."""
    if operation.old is None or operation.new is None:
        return
    name = VERSIONS[operation.subject.type]
    before, after = operation.old.props.literal(name), operation.new.props.literal(name)
    if before and after and _numbers(after) < _numbers(before):
        yield Violation(operation.new.props.at(name), f"goes from {before} back to {after}")


def _numbers(version: str) -> tuple[int, ...]:
    found = _NUMBERS.search(version)
    return tuple(map(int, found[0].split("."))) if found else ()


RULE: Final = PlanRule(
    id="HERD-P6",
    name="no-downgrade",
    pack="plan",
    title="Versions that can't go back are never lowered",
    severity=everywhere(Severity.HIGH),
    types=tuple(VERSIONS),
    properties=tuple(sorted(set(VERSIONS.values()))),
    why=(
        "A control plane or a database goes forward only. A release that names an older version (a rolled-back lock)"
        " fails midway, after other things have gone back already."
    ),
    fix="Keep the newer version: cut a release that has it, with the older images if those are what you go back to.",
    mappings={"reference": ("P6",)},
    check=check,
)
