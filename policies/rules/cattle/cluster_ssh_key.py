"""HERD-004: no machine of a Slurm cluster has an SSH key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared import parallelcluster


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """ParallelCluster gives the head node's key to compute nodes too."""
    for cluster in parallelcluster.clusters(resource):
        for machines in parallelcluster.machines(cluster):
            key = machines.node.at("Ssh", "KeyName")
            if name := key.text():
                yield Violation(key, f"{machines} carries the SSH key {name}")


RULE: Final = ResourceRule(
    id="HERD-004",
    name="no-key-on-slurm-clusters",
    pack="cattle",
    title="No machine of a Slurm cluster has an SSH key",
    severity=everywhere(Severity.HIGH),
    types=parallelcluster.TYPES,
    properties=("HeadNode.Ssh.KeyName", "LoginNodes.Pools[].Ssh.KeyName"),
    why=(
        "The key's holder is the default user of the head node, who may become root: of the scheduler, of the munge"
        " key, of everybody's jobs. AWS's own templates ship one (awsome-distributed-training, cluster-vanilla.yaml)."
    ),
    fix=(
        "Leave Ssh.KeyName out. Administrators come through Session Manager (AdditionalIamPolicies:"
        " AmazonSSMManagedInstanceCore), users through a login pool with identities of a directory."
    ),
    check=check,
)
