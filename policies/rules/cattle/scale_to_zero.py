"""HERD-027: outside production, pools go down to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.base.context import Environment
from components.k8s_platform.scheduling import POOL
from components.k8s_platform.scheduling import SYSTEM as TOLERATIONS
from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, only_in
from policies.engine.subject import Stack, Subject
from policies.rules._shared import parallelcluster
from policies.rules._shared.kubernetes import karpenter, node_life
from policies.rules._shared.machines.capacity import is_reserved
from policies.rules._shared.machines.templates import GROUP, NODE_GROUP
from policies.rules._shared.types import COMPUTE_ENVIRONMENT

_CONTROL_PLANE: Final = "herd:k8s_platform:ControlPlane"
_TAINTS: Final = tuple(toleration["key"] for toleration in TOLERATIONS)
_KARPENTERS_OWN: Final = "karpenter.sh/controller"


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Machines that are reserved are paid for anyway; a cluster's own controllers need somewhere to run."""
    if resource.type in parallelcluster.TYPES:
        for cluster in parallelcluster.clusters(resource):
            yield from _of_cluster(cluster)
        return
    if resource.type in karpenter.NODE_POOLS:
        replicas = resource.props.at("spec", "replicas")
        if replicas.number() and not node_life.takes_reserved(resource, stack):
            yield Violation(replicas, f"keeps {replicas.text()} nodes running, used or not", _NO_REPLICAS)
        return
    for least, message in _least(resource):
        if not is_reserved(resource, stack) and not _is_system(resource, stack):
            yield Violation(least, message)


_NO_REPLICAS: Final = "Leave spec.replicas out: a pool without it starts nodes when pods wait for them."


def _least(resource: Subject) -> Iterator[tuple[Node, str]]:
    """Minimums that aren't zero. A node group without sizes gets one node at least (EKS API, CreateNodegroup)."""
    props = resource.props
    if resource.type == NODE_GROUP:
        least = props.at("scalingConfig", "minSize")
        if not least.present:
            yield least, "says no least size, and EKS never goes below 1 then"
            return
    elif resource.type == GROUP:
        least = props.need("minSize")
    else:
        least = props.at("computeResources", "minVcpus")
    if least.number():
        unit = "vCPUs" if resource.type == COMPUTE_ENVIRONMENT else "nodes"
        yield least, f"keeps {least.text()} {unit} running, used or not"


def _of_cluster(cluster: Node) -> Iterator[Violation]:
    for compute in parallelcluster.compute_resources(cluster):
        for key in ("MinCount", "MinvCpus"):
            least = compute.node.at(key)
            if least.number() and compute.capacity_type != "CAPACITY_BLOCK" and not compute.reservation.present:
                name = compute.node.text("Name", default="a compute resource")
                yield Violation(least, f"{name} keeps {least.text()} machines running, used or not", _NO_MINIMUM)
    idle = parallelcluster.slurm_settings(cluster).at("ScaledownIdletime")
    if idle.number() == _NEVER:
        yield Violation(idle, "is -1: what Slurm started once runs on, used or not", _IDLE_MINUTES)


_NEVER: Final = -1
"""`SuspendTime` of slurm.conf: power saving is off."""
_IDLE_MINUTES: Final = "Leave it out (10 minutes), or say after how many idle minutes a machine ends."
_NO_MINIMUM: Final = "Set it to 0, the default: Slurm starts nodes when jobs wait for them."


def _is_system(group: Subject, stack: Stack) -> bool:
    """Whether the cluster's own controllers run on a group: it says so, or it is the pool that the cluster names."""
    if any((taint.text("key") or "") in _TAINTS for taint in group.props.each("taints")):
        return True
    labels = group.props.entries("labels")
    if _KARPENTERS_OWN in labels and labels[_KARPENTERS_OWN].flag():
        return True
    if POOL not in labels:
        return False
    named = {plane.props.text("systemPool") for plane in stack.of_type(_CONTROL_PLANE)}
    return labels[POOL].text() in (named or {"system"})


RULE: Final = GraphRule(
    id="HERD-027",
    name="scale-to-zero-outside-prod",
    pack="cattle",
    title="Outside production, pools scale down to zero",
    severity=only_in(Environment.DEV, Environment.TEST, severity=Severity.HIGH),
    types=(NODE_GROUP, GROUP, COMPUTE_ENVIRONMENT, *karpenter.NODE_POOLS, *parallelcluster.TYPES),
    properties=(
        "scalingConfig.minSize",
        "minSize",
        "computeResources.minVcpus",
        "spec.replicas",
        "Scheduling.SlurmQueues[].ComputeResources[].MinCount",
        "Scheduling.SlurmSettings.ScaledownIdletime",
    ),
    why=(
        "One idle p5.48xlarge costs as much as an engineer, and nobody works in dev at night. Exempt are machines whose"
        " reservation is paid for whether or not they run, and the cluster's system pool: the taint CriticalAddonsOnly,"
        f" the label karpenter.sh/controller, or the label {POOL} with the name that the cluster gives its system pool."
    ),
    fix="Set the minimum size to 0 and let an autoscaler (Karpenter, Slurm) start what is needed.",
    looser_upward="production keeps nodes warm for those who wait",
    check=check,
)
