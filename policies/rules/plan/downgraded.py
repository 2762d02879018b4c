"""HERD-P6: no version of what can't go back is lowered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.plan import Operation, Plan, PlanRule
from policies.engine.rule import Severity, Violation, everywhere
from policies.rules._shared.types import EKS_CLUSTER

VERSIONS: Final = {
    EKS_CLUSTER: "version",
    "aws:rds/instance:Instance": "engineVersion",
    "aws:rds/cluster:Cluster": "engineVersion",
    "aws:docdb/cluster:Cluster": "engineVersion",
    "aws:elasticache/replicationGroup:ReplicationGroup": "engineVersion",
    "aws:opensearch/domain:Domain": "engineVersion",
    "aws:msk/cluster:Cluster": "kafkaVersion",
    "aws:fsx/lustreFileSystem:LustreFileSystem": "fileSystemTypeVersion",
}
_NUMBERS: Final = re.compile(r"\d+")
_SUCCESSOR: Final = "opensearch"
"""OpenSearch counts from 1 again where Elasticsearch ended at 7.10."""


def check(operation: Operation, plan: Plan, facts: Facts) -> Iterator[Violation]:
    """AWS refuses to lower most of these, minutes into the run; the rest are replaced and lose their data."""
    old, new = operation.old, operation.new
    if old is None or new is None:
        return
    name = VERSIONS[operation.subject.type]
    if operation.op == "same" or (operation.changed and name not in operation.shape[3]):
        return
    after = new.props.literal(name)
    # What runs stands in the outputs: AWS chooses what the inputs leave open, and goes on by itself.
    before = after and (old.outputs.literal(name) or old.props.literal(name))
    if not before or not after:
        return
    was, comes = _order(before), _order(after)
    # 15 after 15.4 names the same series, and leaves the rest to AWS.
    shared = min(len(was), len(comes))
    if comes[:shared] < was[:shared]:
        yield Violation(new.props.at(name), f"goes from {before} back to {after}")
    elif new.type == EKS_CLUSTER and comes[:2] == was[:2] and comes[2:3] > (was[2] + 1,):
        message = f"goes from {before} to {after}, and EKS takes one minor version at a time"
        yield Violation(new.props.at(name), message, fix="Go through each version between, nodes included.")


def _order(version: str) -> tuple[int, ...]:
    return int(version.lower().startswith(_SUCCESSOR)), *map(int, _NUMBERS.findall(version))


RULE: Final = PlanRule(
    id="HERD-P6",
    name="no-downgrade",
    pack="plan",
    title="Versions that can't go back are never lowered",
    severity=everywhere(Severity.HIGH),
    types=tuple(VERSIONS),
    properties=tuple(sorted(set(VERSIONS.values()))),
    why=(
        "No update takes a control plane or a database back (EKS's rollback is an operation of its own, for a week). A"
        " release that names an older version (a rolled-back lock) fails midway, after other things have gone back."
    ),
    fix="Keep the newer version: cut a release that has it, with the older images if those are what you go back to.",
    mappings={"reference": ("P6",)},
    check=check,
)
