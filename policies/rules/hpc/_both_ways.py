"""Pods that ask a device plugin and DRA for GPUs at once.

Source: Kubernetes, "Dynamic Resource Allocation" (claims, device classes); NVIDIA's DRA driver, its device classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.node import Node
from policies.engine.rule import Violation
from policies.engine.subject import Stack, Subject
from policies.rules._shared.kubernetes.workloads import Pod, pods
from policies.rules._shared.machines.accelerated import asks

_VERSIONS: Final = ("v1", "v1beta2", "v1beta1", "v1alpha3")
_KINDS: Final = {"resourceClaimTemplateName": "ResourceClaimTemplate", "resourceClaimName": "ResourceClaim"}
_CLASSES: Final = ("gpu.nvidia.com", "mig.nvidia.com", "vfio.gpu.nvidia.com")
_PLUGINS: Final = ("nvidia.com/gpu", "nvidia.com/mig-")


def of_pods(resource: Subject, stack: Stack) -> Iterator[Violation]:
    """Only a node where both hand out GPUs could run one. Claims that aren't among what is judged say nothing."""
    for pod in pods(resource):
        if not pod.spec.has("resourceClaims") or (asked := _asked(pod)) is None:
            continue
        for claim in pod.spec.each("resourceClaims"):
            if (name := _device_class(claim, pod, stack)) is not None:
                text = f"is a claim on {name}, and a container asks the device plugin for {asked}"
                yield Violation(claim, text, "Ask one way: a claim for each GPU, or nvidia.com/gpu alone.")


def _asked(pod: Pod) -> str | None:
    for container in pod.containers:
        for part in ("limits", "requests"):
            for name, node in container.node.entries("resources", part).items():
                if name.startswith(_PLUGINS) and asks(node):
                    return name
    return None


def _device_class(claim: Node, pod: Pod, stack: Stack) -> str | None:
    for field, kind in _KINDS.items():
        name = claim.text(field)
        types = [f"kubernetes:resource.k8s.io/{version}:{kind}" for version in _VERSIONS]
        for subject in stack.of_type(*types) if name else ():
            if _place(subject.props) == (pod.object.text("metadata", "namespace"), name):
                spec = subject.props.at("spec", "spec") if kind == "ResourceClaimTemplate" else subject.props.at("spec")
                return next((one for one in _classes(spec) if one in _CLASSES), None)
    return None


def _place(manifest: Node) -> tuple[str | None, str | None]:
    return manifest.text("metadata", "namespace"), manifest.text("metadata", "name")


def _classes(spec: Node) -> Iterator[str]:
    for request in spec.each("devices", "requests"):
        # Since v1beta2 within `exactly`; any of `firstAvailable` may be what is given.
        for block in (request, request.at("exactly"), *request.each("firstAvailable")):
            if name := block.text("deviceClassName"):
                yield name
