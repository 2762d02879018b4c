"""HERD-074: remote desktops of a cluster are for private addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared import parallelcluster
from policies.rules._shared.network.ingress import is_private_at

_EVERYWHERE: Final = "0.0.0.0/0"


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """DCV listens on a port of its own, 8443, for everybody unless AllowedIps says otherwise."""
    for cluster in parallelcluster.clusters(resource):
        for machines in parallelcluster.machines(cluster):
            desktop = machines.node.at("Dcv")
            if not desktop.flag("Enabled"):
                continue
            allowed = desktop.at("AllowedIps")
            addresses = allowed.literal(default=_EVERYWHERE) or _EVERYWHERE
            if not is_private_at(allowed, addresses):
                yield Violation(allowed, f"opens the desktop of {machines} to {addresses}")


RULE: Final = ResourceRule(
    id="HERD-074",
    name="desktops-are-private",
    pack="cattle",
    title="Remote desktops of a Slurm cluster are for private addresses",
    severity=everywhere(Severity.HIGH),
    types=parallelcluster.TYPES,
    properties=("HeadNode.Dcv.AllowedIps", "LoginNodes.Pools[].Dcv.AllowedIps"),
    why="A desktop on a head node or a login node is a shell; ParallelCluster opens it to 0.0.0.0/0 by default.",
    fix="Set Dcv.AllowedIps to the private addresses that people come from, or leave Dcv out.",
    check=check,
)
