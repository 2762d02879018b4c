"""HERD-032: updates of a Slurm cluster drain its nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.base.context import Environment
from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, only_in
from policies.engine.subject import Subject
from policies.rules._shared import parallelcluster

_DRAIN: Final = "DRAIN"
_DEFAULT: Final = "COMPUTE_FLEET_STOP"


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """The default refuses an update of queues until the whole fleet is stopped; TERMINATE ends jobs."""
    for cluster in parallelcluster.clusters(resource):
        if not parallelcluster.is_slurm(cluster):
            continue
        strategy = parallelcluster.slurm_settings(cluster).at("QueueUpdateStrategy")
        value = strategy.literal()
        if value is None:
            yield Violation(strategy, f"is absent, which means {_DEFAULT}: an update stops every job")
        elif value.upper() != _DRAIN:
            yield Violation(strategy, f"is {value}: an update ends running jobs")


RULE: Final = ResourceRule(
    id="HERD-032",
    name="slurm-updates-drain",
    pack="cattle",
    title="Updates of a Slurm cluster drain its nodes",
    severity=only_in(Environment.PROD, severity=Severity.MEDIUM),
    types=parallelcluster.TYPES,
    properties=("Scheduling.SlurmSettings.QueueUpdateStrategy",),
    why=(
        "A queue's new image reaches a node when the node's jobs are done, and no job dies of it. With the default"
        " COMPUTE_FLEET_STOP people stop the fleet to get an update through; TERMINATE ends jobs and requeues them."
    ),
    fix="Set Scheduling.SlurmSettings.QueueUpdateStrategy: DRAIN.",
    check=check,
)
