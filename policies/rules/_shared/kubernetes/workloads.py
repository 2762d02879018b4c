"""Pods and their containers, whatever makes them: built-in workloads, KEDA, Kubeflow, Ray, JobSet, Argo, Knative."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Subject
from policies.engine.types import canonical
from policies.rules._shared.kubernetes.workload_kinds import BY_TYPE, EACH, ENTRIES, LISTS, TYPES, Family

__all__ = ["DAEMON_SETS", "TYPES", "Container", "Pod", "objects", "parts", "pods", "type_of", "walk"]

DAEMON_SETS: Final = "kubernetes:apps/v1:DaemonSet"

# Where a pod keeps its containers; Argo templates, KServe predictors and Kubeflow TrainJobs have one by itself.
_KSERVE: Final = (
    "huggingface",
    "lightgbm",
    "onnx",
    "paddle",
    "pmml",
    "pytorch",
    "sklearn",
    "tensorflow",
    "triton",
    "xgboost",
)
_SINGLE: Final = ("container", "script", "model", "trainer", *_KSERVE)
_SEVERAL: Final = ("containers", "initContainers", "ephemeralContainers", "sidecars")


@dataclass(frozen=True)
class Container:
    """A container, and which of the pod's lists it is in.

    Attributes:
        node: Its block.
        field: `containers`, `initContainers`, `ephemeralContainers`; for Argo `container`, `script`, `sidecars`; for
            Slurm's and Spark's operators what they call it, such as `slurmd`, `driver`.
    """

    node: Node
    field: str

    @property
    def name(self) -> str:
        """Its name, or the field's where it has none."""
        return self.node.text("name") or self.field

    @property
    def image(self) -> Node:
        """The image's place."""
        return self.node.at("image")


@dataclass(frozen=True)
class Pod:
    """A pod as a workload describes it.

    Attributes:
        spec: The pod's spec.
        metadata: The pod's own metadata (labels, annotations): the template's, not the workload's.
        type: Canonical type of the workload, such as `kubernetes:apps/v1:Deployment`.
        object: The workload as a whole.
        beside: Containers that the operator adds to it, described elsewhere in the workload.
    """

    spec: Node
    metadata: Node
    type: str
    object: Node
    beside: tuple[Container, ...] = ()

    @property
    def kind(self) -> str:
        """The workload's kind."""
        return self.type.rpartition(":")[2]

    @property
    def containers(self) -> Iterator[Container]:
        """Its containers of every sort."""
        yield from self.beside
        for field in _SINGLE:
            if self.spec.has(field):
                yield Container(self.spec.at(field), field)
        for field in _SEVERAL:
            yield from (Container(node, field) for node in self.spec.each(field))
        if self.spec.has("containerSet"):
            yield from (Container(node, "containers") for node in self.spec.each("containerSet", "containers"))


def pods(resource: Subject) -> Iterator[Pod]:
    """The pods that a resource describes; none if it isn't a workload.

    Raises:
        UnevaluatedError: A part on the way to a pod is unknown.
    """
    for type_, node in objects(resource):
        if family := BY_TYPE.get(type_):
            yield from _of_family(family, type_, node)


def _of_family(family: Family, type_: str, node: Node) -> Iterator[Pod]:
    beside = tuple(Container(one, path.rpartition(".")[2]) for path in family.beside for one in walk(node, path))
    for path in family.templates:
        for template in walk(node, path):
            yield Pod(template.at("spec"), template.at("metadata"), type_, node, beside)
            beside = ()
    for path in family.specs:
        for spec in walk(node, path):
            metadata = node.at("metadata") if path == "spec" else spec.at("metadata")
            yield Pod(spec, metadata, type_, node, beside)
            beside = ()
    if beside:
        # Without a template the operator makes the pod of these alone.
        absent = Node(None, ("spec", "template", "spec"), node.subject)
        yield Pod(absent, Node(None, (), node.subject), type_, node, beside)


def objects(resource: Subject) -> Iterator[tuple[str, Node]]:
    """The Kubernetes objects of a resource with their types: itself, or those of a `List` or an `AppWrapper`."""
    if resource.type not in LISTS:
        yield resource.type, resource.props
        return
    for item in walk(resource.props, LISTS[resource.type]):
        yield from ((type_of(one), one) for one in (item.each() if item.is_list else (item,)))


def type_of(manifest: Node) -> str:
    """The canonical type of a Kubernetes object, from its `apiVersion` and `kind`."""
    version = manifest.literal("apiVersion") or ""
    group = version if "/" in version else f"core/{version}"
    return canonical(f"kubernetes:{group}:{manifest.literal('kind') or ''}")


def walk(node: Node, path: str) -> Iterator[Node]:
    """The places that a path such as `spec.tasks.*.template` names, as far as there is something."""
    places = [node]
    for key in path.split("."):
        places = [below for place in places for below in _step(place, key)]
    yield from places


def _step(place: Node, key: str) -> Iterator[Node]:
    if key == EACH:
        yield from place.each()
    elif key == ENTRIES:
        yield from place.entries().values()
    elif place.has(key):
        yield place.at(key)


def parts(node: Node) -> Iterator[Node]:
    """Every map that can be seen within a value of any shape, the value itself included if it is one."""
    if node.is_map:
        yield node
        for below in node.entries().values():
            yield from parts(below)
    elif node.is_list:
        for below in node.each():
            yield from parts(below)
