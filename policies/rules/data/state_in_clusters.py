"""HERD-069: state never lives inside a cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared.parallelcluster import TYPES as CLUSTERS
from policies.rules._shared.parallelcluster import clusters
from policies.rules._shared.stateful import STATEFUL
from policies.rules._shared.types import EKS_CLUSTER, STORAGE_CLASSES

# ParallelCluster 3, SharedStorage: the id that makes it mount what is there, by settings. Others only know what is.
_IDS: Final = {
    "Ebs": ("EbsSettings", "VolumeId"),
    "Efs": ("EfsSettings", "FileSystemId"),
    "FsxLustre": ("FsxLustreSettings", "FileSystemId"),
    "FsxOntap": ("FsxOntapSettings", "VolumeId"),
    "FsxOpenZfs": ("FsxOpenZfsSettings", "VolumeId"),
    "FileCache": ("FileCacheSettings", "FileCacheId"),
}
_FSX_DRIVERS: Final = ("fsx.csi.aws.com", "fsx.openzfs.csi.aws.com")
# Keys and secrets of a cluster's own go with it; the cluster is no state of itself.
_NOT_HERE: Final = ("aws:kms/key:Key", "aws:secretsmanager/secret:Secret", "aws:eks/cluster:Cluster")
STATE: Final = tuple(name for name in STATEFUL if name not in _NOT_HERE)
# Components that make clusters of machines, by the words in their type; clusters of databases are state themselves.
_CLUSTER_WORDS: Final = re.compile(
    r"eks|k8s|kube|slurm|parallel_?cluster|pcluster|gpu_?cluster|hpc_?cluster|node_?(?:pool|group)|:cluster$",
    re.IGNORECASE,
)
_STORE_WORDS: Final = re.compile(
    r"storage|file_?system|database|:db|rds|aurora|redis|postgres|mysql|fsx|efs|s3|bucket", re.IGNORECASE
)


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """In a cluster's own configuration, as a child of a cluster, or made by a claim in one."""
    if resource.type in CLUSTERS:
        for cluster in clusters(resource):
            yield from _shared(cluster)
    elif resource.type in STORAGE_CLASSES:
        yield from _made_by_claims(resource.props)
    else:
        yield from _owned(resource, stack)


def _shared(cluster: Node) -> Iterator[Violation]:
    for storage in cluster.each("SharedStorage"):
        kind = storage.literal("StorageType") or ""
        settings, key = _IDS.get(kind, (f"{kind}Settings", "FileSystemId"))
        if storage.at(settings).has(key):
            continue
        policy = storage.text(settings, "DeletionPolicy") or "Delete"
        fate = "goes with the cluster" if policy.lower() == "delete" else f"is left behind without an owner ({policy})"
        name = storage.text("Name") or storage.text("MountDir") or kind
        yield Violation(
            storage.at(settings, key),
            f"the cluster makes the {kind} storage {name} itself, and it {fate} when the cluster is replaced",
            fix=f"Make it in the storage stack and mount it by {key}.",
        )


def _made_by_claims(props: Node) -> Iterator[Violation]:
    driver = props.literal("provisioner") or ""
    if driver not in _FSX_DRIVERS:
        return
    # The OpenZFS driver can also make volumes on a file system that is there.
    if driver == "fsx.openzfs.csi.aws.com" and (props.text("parameters", "ResourceType") or "").lower() == "volume":
        return
    yield Violation(
        props.at("provisioner"),
        f"{driver} makes a file system for each claim, and it goes with the claim or the cluster",
        fix="Make the file system in the storage stack and give the cluster a PersistentVolume with its id.",
    )


def _owned(resource: Subject, stack: Stack) -> Iterator[Violation]:
    for owner in stack.ancestors(resource):
        if _is_cluster(owner):
            yield Violation(
                resource.props,
                f"is a child of {owner.type} {owner.name}: it goes when the cluster is replaced",
                fix="Register it in the storage component; hand the cluster its id.",
            )
            return
    gone_with = resource.options.at("deletedWith")
    owner_ = stack.named_by(gone_with) or stack.by_urn.get(gone_with.text() or "")
    if owner_ is not None and _is_cluster(owner_):
        yield Violation(
            gone_with,
            f"is deleted with {owner_.name}: Pulumi forgets it when the cluster goes",
            fix="Take deleted_with off.",
        )


def _is_cluster(owner: Subject) -> bool:
    if owner.type == EKS_CLUSTER:
        return True
    component = owner.type.partition(":")[2]
    return not owner.custom and bool(_CLUSTER_WORDS.search(component)) and not _STORE_WORDS.search(f":{component}")


RULE: Final = GraphRule(
    id="HERD-069",
    name="state-outside-clusters",
    pack="data",
    title="State never lives inside a cluster",
    severity=everywhere(Severity.HIGH),
    types=(*STATE, *CLUSTERS, *STORAGE_CLASSES),
    properties=("SharedStorage", "options.parent", "options.deletedWith", "provisioner"),
    why=(
        "Clusters are replaced, not repaired. Storage that ParallelCluster makes is deleted or replaced by an update or"
        " a removal of the cluster (aws-parallelcluster #4651, #5018, #6211, #6357), a file system made by a claim goes"
        " with the claim, and a child of a cluster's component goes with the component."
    ),
    fix=(
        "Make it in the storage component, and name it in the cluster by its id (FileSystemId, VolumeId, a"
        " PersistentVolume)."
    ),
    check=check,
)
