"""HERD-033: autoscalers have an upper bound, and end at zero outside prod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject

SCALED_OBJECT: Final = "kubernetes:keda.sh/v1alpha1:ScaledObject"
SCALED_JOB: Final = "kubernetes:keda.sh/v1alpha1:ScaledJob"
HTTP: Final = "kubernetes:http.keda.sh/v1alpha1:HTTPScaledObject"
HPA: Final = tuple(
    f"kubernetes:autoscaling/{version}:HorizontalPodAutoscaler" for version in ("v2", "v1", "v2beta2", "v2beta1")
)
# Where each kind says how many at most and at least. KEDA's defaults are 100 and 0, Kubernetes has none and 1.
_BOUNDS: Final = {
    SCALED_OBJECT: (("spec", "maxReplicaCount"), ("spec", "minReplicaCount")),
    SCALED_JOB: (("spec", "maxReplicaCount"), ("spec", "minReplicaCount")),
    HTTP: (("spec", "replicas", "max"), ("spec", "replicas", "min")),
    **dict.fromkeys(HPA, (("spec", "maxReplicas"), ())),
}
_RESOURCES: Final = ("cpu", "memory")


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """KEDA's default of 100 is nobody's decision; what never ends at zero keeps its nodes."""
    highest, lowest = _BOUNDS[resource.type]
    at_most = resource.props.at(*highest)
    if at_most.number() is None:
        default = "so nothing bounds it" if resource.type in HPA else "so it scales to KEDA's 100"
        yield Violation(at_most, f"is absent, {default}")
    if lowest and not facts.production and not _cannot_end_at_zero(resource.props):
        at_least = resource.props.at(*lowest)
        # `idleReplicaCount: 0` goes below the least number when nothing is to be done.
        if (at_least.number() or 0) > 0 and resource.props.number("spec", "idleReplicaCount") != 0:
            message = f"is {at_least.text()}: something runs, and keeps its nodes, when there is nothing to do"
            yield Violation(at_least, message, "Outside prod: 0, which is KEDA's default.")


def _cannot_end_at_zero(props: Node) -> bool:
    """KEDA refuses zero where every trigger measures pods that run. Source: KEDA, "CPU" and "Memory" scalers."""
    kinds = [trigger.literal("type") for trigger in props.each("spec", "triggers")]
    return bool(kinds) and all(kind in _RESOURCES for kind in kinds)


RULE: Final = ResourceRule(
    id="HERD-033",
    name="keda-bounded",
    pack="cattle",
    title="Autoscalers have an upper bound, and KEDA scales to zero outside prod",
    severity=everywhere(Severity.HIGH),
    types=tuple(_BOUNDS),
    properties=("spec.maxReplicaCount", "spec.minReplicaCount", "spec.maxReplicas"),
    why=(
        "A queue that fills by mistake scales to KEDA's default of 100 replicas; with GPUs that is a hundred machines"
        " nobody asked for. And a replica that never goes away keeps a machine over every weekend."
    ),
    fix="Set maxReplicaCount to what the pool's limit and the budget allow.",
    check=check,
)
