"""HERD-035: pods on GPU nodes ask for GPUs, and say what else they need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.kubernetes.workloads import DAEMON_SETS, TYPES, Container, Pod, pods
from policies.rules._shared.machines.accelerated import RESOURCE, TAINT, asks, selects

_NEEDS: Final = ("cpu", "memory")
# DRA's claims, and the Spark operator's own field.
_OTHER_WAYS: Final = ("resourceClaims", "gpu")
_FIX_ASK: Final = "Set resources.limits (nvidia.com/gpu: 1 …), or take the toleration and the selector away."


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """The scheduler counts requests alone: who asks for nothing takes what others were given."""
    for pod in pods(resource):
        containers = list(pod.containers)
        asking = [container for container in containers if any(_asked(container))]
        for container in asking:
            yield from _complete(container, pod)
        # Agents of every node (device plugins, exporters) are DaemonSets; they belong there and ask for nothing.
        if asking or not containers or pod.type == DAEMON_SETS or any(map(pod.spec.has, _OTHER_WAYS)):
            continue
        if (place := _on_accelerators(pod.spec)) is not None:
            yield Violation(place, "goes to nodes with accelerators, and no container asks for one", _FIX_ASK)


def _resources(container: Container) -> Node:
    return container.node.at("resourcesPerNode" if container.field == "trainer" else "resources")


def _asked(container: Container) -> Iterator[tuple[str, Node]]:
    """Accelerators that a container asks for, in its limits or its requests."""
    for part in ("limits", "requests"):
        for name, node in _resources(container).entries(part).items():
            if RESOURCE.fullmatch(name) and asks(node):
                yield name, node


def _complete(container: Container, pod: Pod) -> Iterator[Violation]:
    resources = _resources(container)
    for name in dict(_asked(container)):
        limit, request = resources.at("limits", name), resources.at("requests", name)
        if not limit.present:
            yield Violation(limit, f"{container.name} requests {name} without a limit, which Kubernetes refuses")
        elif request.present and request.text() != limit.text():
            message = f"{container.name} requests {request.text()} {name} with a limit of {limit.text()}"
            yield Violation(request, f"{message}: devices can't be shared that way", "Make both the same number.")
    for need in _NEEDS:
        places = (resources, pod.spec.at("resources"))
        # A limit without a request is the request, too.
        if not any(place.has(part, need) for place in places for part in ("requests", "limits")):
            message = f"{container.name} asks for accelerators and not for {need}: its node's {need} may be given away"
            yield Violation(resources.at("requests", need), message)


def _on_accelerators(spec: Node) -> Node | None:
    """Where a pod says that it goes to nodes with accelerators; None if it doesn't."""
    for label, node in spec.entries("nodeSelector").items():
        if selects(label, "In", [node.text() or ""]):
            return node
    for toleration in spec.each("tolerations"):
        if TAINT.fullmatch(toleration.literal("key") or ""):
            return toleration
    required = spec.at("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    terms = list(required.each("nodeSelectorTerms"))
    # Any of the terms will do for the scheduler: all of them have to lead to accelerators.
    if terms and all(any(map(_leads, term.each("matchExpressions"))) for term in terms):
        return required
    return None


def _leads(expression: Node) -> bool:
    return selects(expression.literal("key") or "", expression.literal("operator") or "", expression.texts("values"))


RULE: Final = ResourceRule(
    id="HERD-035",
    name="gpu-pods-ask-for-gpus",
    pack="hpc",
    title="Pods on GPU nodes ask for their GPUs, and for CPU and memory",
    severity=everywhere(Severity.MEDIUM),
    types=TYPES,
    properties=(
        "spec.containers[].resources",
        "spec.template.spec.containers[].resources",
        "spec.tolerations",
        "spec.nodeSelector",
    ),
    why=(
        "A pod that goes to a GPU node without asking for a GPU keeps a machine that costs a hundred dollars an hour"
        " for work a small one could do, or uses a GPU that was given to somebody else. Without CPU and memory"
        " requests, the node's are given away, and data loaders starve the GPUs."
    ),
    fix="Set resources.limits for the accelerator, and requests for cpu and memory, in the container that uses it.",
    mappings={
        "checkov": ("CKV_K8S_10", "CKV_K8S_11", "CKV_K8S_12", "CKV_K8S_13"),
        "kyverno": ("require-pod-requests-limits",),
    },
    check=check,
)
