"""HERD-025: changes are ignored only where something else owns the field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ANY_TYPE, GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reference
from policies.rules._shared.machines.templates import GROUP, NODE_GROUP

_OWNED: Final = {
    # An autoscaler or a schedule moves the size; the bounds stay the program's.
    NODE_GROUP: frozenset({"scalingConfig.desiredSize", "scalingConfig"}),
    GROUP: frozenset({"desiredCapacity"}),
    # How an image was built is over when it exists: its recipe's hash is in its name, and another build another one.
    "aws:imagebuilder/image:Image": frozenset({"imageTestsConfiguration", "imageScanningConfiguration"}),
}
"""Type -> fields that something else than the program owns."""
WORKLOADS: Final = frozenset(
    {"kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet", "kubernetes:apps/v1:ReplicaSet"}
    | {"kubernetes:core/v1:ReplicationController", "kubernetes:argoproj.io/v1alpha1:Rollout"}
)
AUTOSCALERS: Final = (
    *(f"kubernetes:autoscaling/{version}:HorizontalPodAutoscaler" for version in ("v1", "v2", "v2beta1", "v2beta2")),
    "kubernetes:keda.sh/v1alpha1:ScaledObject",
)
_SERVICE: Final = "aws:ecs/service:Service"
_TARGET: Final = "aws:appautoscaling/target:Target"


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Each ignored path is of the typed list, and a workload's replicas only where an autoscaler counts them."""
    for place in resource.options.each("ignoreChanges"):
        path = re.sub(r'\["?([^"\]]+)"?\]', r".\1", place.text() or "")
        if path in _OWNED.get(resource.type, ()):
            continue
        if path == "spec.replicas" and resource.type in WORKLOADS:
            if not any(_scales(scaler, resource, stack) for scaler in stack.of_type(*AUTOSCALERS)):
                yield Violation(place, "ignores spec.replicas, and no autoscaler of this stack scales it")
        elif path == "desiredCount" and resource.type == _SERVICE:
            if not any(_counts(target, resource) for target in stack.of_type(_TARGET)):
                yield Violation(place, "ignores desiredCount, and no autoscaling target of this stack counts its tasks")
        elif path:
            yield Violation(
                place, f"ignores changes of {'everything' if path == '*' else path}, which nothing else owns"
            )


def _scales(scaler: Subject, workload: Subject, stack: Stack) -> bool:
    target = scaler.props.at("spec", "scaleTargetRef")
    kind = target.text("kind") or "Deployment"
    name = target.at("name")
    if kind != workload.type.rsplit(":", 1)[-1]:
        return False
    value = name.text()
    if isinstance(value, Reference):
        return stack.target(value) is workload
    return value == (workload.props.text("metadata", "name") or workload.name) and _together(scaler, workload)


def _counts(target: Subject, service: Subject) -> bool:
    """Source: Application Auto Scaling, RegisterScalableTarget: the resource's id is `service/CLUSTER/SERVICE`."""
    if target.props.text("scalableDimension") != "ecs:service:DesiredCount":
        return False
    scaled = target.props.text("resourceId") or ""
    return f"{service.urn}." in scaled or scaled.endswith(f"/{service.props.text('name') or service.name}")


def _together(scaler: Subject, workload: Subject) -> bool:
    """Whether both are in one namespace, as far as can be told."""
    one, other = _namespace(scaler.props), _namespace(workload.props)
    return one == other or isinstance(one, Reference) or isinstance(other, Reference)


def _namespace(props: Node) -> str:
    return props.text("metadata", "namespace") or "default"


RULE: Final = GraphRule(
    id="HERD-025",
    name="ignore-changes-typed",
    pack="immutable",
    title="Changes are ignored only where something else owns the field",
    severity=everywhere(Severity.HIGH),
    types=(ANY_TYPE,),
    properties=("options.ignoreChanges",),
    why=(
        "An ignored field is one that the program no longer decides: drift hides behind it, and a fix in the program"
        " never arrives. Only an autoscaler's field has another owner."
    ),
    fix="Take the option away and let the program decide, or give the field to an autoscaler of this stack.",
    check=check,
)
