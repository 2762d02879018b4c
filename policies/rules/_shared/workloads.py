"""Pods and their containers, whatever makes them: built-in workloads, KEDA, Kubeflow, Ray, JobSet, Argo, Knative."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Subject
from policies.engine.types import canonical

EACH: Final = "*"
"""In a path: each element of a list."""
ENTRIES: Final = "{}"
"""In a path: each entry of a map."""

Keys = tuple[str, ...]


@dataclass(frozen=True)
class _Family:
    """Kinds of an API group whose objects hold pods at the same places: pod templates, or bare pod specs.

    Source: the CRDs of each project, at every version that its clusters served in the last years.
    """

    group: str
    versions: Keys
    kinds: Keys
    templates: tuple[str, ...] = ()
    specs: tuple[str, ...] = ()


_KUBEFLOW: Final = ("pytorch", "tf", "mpi", "xgb", "xgboost", "paddle", "mx", "jax")
_RAY: Final = ("headGroupSpec.template", "workerGroupSpecs.*.template")

_FAMILIES: Final = (
    _Family("core", ("v1",), ("Pod",), specs=("spec",)),
    _Family("core", ("v1",), ("PodTemplate",), ("template",)),
    _Family("core", ("v1",), ("ReplicationController",), ("spec.template",)),
    _Family("apps", ("v1",), ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"), ("spec.template",)),
    _Family("batch", ("v1",), ("Job",), ("spec.template",)),
    _Family("batch", ("v1", "v1beta1", "v2alpha1"), ("CronJob",), ("spec.jobTemplate.spec.template",)),
    _Family("keda.sh", ("v1alpha1",), ("ScaledJob",), ("spec.jobTargetRef.template",)),
    _Family(
        "kubeflow.org",
        ("v1", "v1alpha2", "v1beta1", "v1beta2", "v2beta1"),
        ("PyTorchJob", "TFJob", "MPIJob", "XGBoostJob", "PaddleJob", "MXJob", "JAXJob"),
        tuple(f"spec.{framework}ReplicaSpecs.{ENTRIES}.template" for framework in _KUBEFLOW),
    ),
    _Family("kubeflow.org", ("v1", "v1beta1", "v1alpha1"), ("Notebook",), ("spec.template",)),
    _Family(
        "trainer.kubeflow.org",
        ("v1alpha1",),
        ("TrainingRuntime", "ClusterTrainingRuntime"),
        ("spec.template.spec.replicatedJobs.*.template.spec.template",),
    ),
    _Family("trainer.kubeflow.org", ("v1alpha1",), ("TrainJob",), specs=("spec",)),
    _Family("ray.io", ("v1", "v1alpha1"), ("RayCluster",), tuple(f"spec.{path}" for path in _RAY)),
    _Family(
        "ray.io",
        ("v1", "v1alpha1"),
        ("RayJob",),
        (*(f"spec.rayClusterSpec.{path}" for path in _RAY), "spec.submitterPodTemplate"),
    ),
    _Family(
        "ray.io",
        ("v1",),
        ("RayCronJob",),
        (*(f"spec.jobTemplate.rayClusterSpec.{path}" for path in _RAY), "spec.jobTemplate.submitterPodTemplate"),
    ),
    _Family("ray.io", ("v1", "v1alpha1"), ("RayService",), tuple(f"spec.rayClusterConfig.{path}" for path in _RAY)),
    _Family(
        "jobset.x-k8s.io",
        ("v1alpha1", "v1alpha2"),
        ("JobSet",),
        ("spec.replicatedJobs.*.template.spec.template", "spec.jobs.*.template.spec.template"),
    ),
    _Family(
        "leaderworkerset.x-k8s.io",
        ("v1",),
        ("LeaderWorkerSet",),
        ("spec.leaderWorkerTemplate.leaderTemplate", "spec.leaderWorkerTemplate.workerTemplate"),
    ),
    _Family("batch.volcano.sh", ("v1alpha1",), ("Job",), ("spec.tasks.*.template",)),
    _Family("batch.volcano.sh", ("v1alpha1",), ("CronJob",), ("spec.jobTemplate.spec.tasks.*.template",)),
    _Family("flow.volcano.sh", ("v1alpha1",), ("JobTemplate",), ("spec.tasks.*.template",)),
    _Family("sagemaker.amazonaws.com", ("v1",), ("HyperPodPyTorchJob",), ("spec.replicaSpecs.*.template",)),
    _Family("slinky.slurm.net", ("v1alpha1", "v1beta1"), ("NodeSet", "LoginSet"), ("spec.template",)),
    _Family("argoproj.io", ("v1alpha1",), ("Rollout",), ("spec.template",)),
    _Family(
        "argoproj.io",
        ("v1alpha1",),
        ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate"),
        specs=("spec.templates.*", "spec.templateDefaults"),
    ),
    _Family(
        "argoproj.io",
        ("v1alpha1",),
        ("CronWorkflow",),
        specs=("spec.workflowSpec.templates.*", "spec.workflowSpec.templateDefaults"),
    ),
    _Family("serving.knative.dev", ("v1", "v1beta1"), ("Service", "Configuration"), ("spec.template",)),
    _Family("serving.knative.dev", ("v1", "v1beta1"), ("Revision",), specs=("spec",)),
    _Family(
        "serving.kserve.io",
        ("v1beta1",),
        ("InferenceService",),
        specs=(
            "spec.predictor",
            "spec.predictor.workerSpec",
            "spec.transformer",
            "spec.explainer",
        ),
    ),
    _Family(
        "serving.kserve.io",
        ("v1alpha1", "v1alpha2"),
        ("LLMInferenceService", "LLMInferenceServiceConfig"),
        specs=("spec.template", "spec.worker", "spec.prefill.template", "spec.prefill.worker"),
    ),
    _Family("machinelearning.seldon.io", ("v1",), ("SeldonDeployment",), ("spec.predictors.*.componentSpecs.*",)),
    _Family("agents.x-k8s.io", ("v1alpha1", "v1beta1"), ("Sandbox",), ("spec.podTemplate",)),
    _Family("extensions.agents.x-k8s.io", ("v1alpha1", "v1beta1"), ("SandboxTemplate",), ("spec.podTemplate",)),
    _Family("serving.kserve.io", ("v1alpha1",), ("ServingRuntime", "ClusterServingRuntime"), specs=("spec",)),
)
_LISTS: Final = ("kubernetes:core/v1:List",)

_BY_TYPE: Final = {
    f"kubernetes:{family.group}/{version}:{kind}": family
    for family in _FAMILIES
    for version in family.versions
    for kind in family.kinds
}
TYPES: Final = (*_BY_TYPE, *_LISTS)
"""Every type that `pods` finds pods in."""

DAEMON_SETS: Final = "kubernetes:apps/v1:DaemonSet"

# Where a pod keeps its containers; Argo templates, KServe predictors and Kubeflow TrainJobs have one by itself.
_SINGLE: Final = ("container", "script", "model", "trainer")
_SEVERAL: Final = ("containers", "initContainers", "ephemeralContainers", "sidecars")


@dataclass(frozen=True)
class Container:
    """A container, and which of the pod's lists it is in.

    Attributes:
        node: Its block.
        field: `containers`, `initContainers`, `ephemeralContainers`; for Argo `container`, `script`, `sidecars`.
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
    """

    spec: Node
    metadata: Node
    type: str
    object: Node

    @property
    def kind(self) -> str:
        """The workload's kind."""
        return self.type.rpartition(":")[2]

    @property
    def containers(self) -> Iterator[Container]:
        """Its containers of every sort."""
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
        family = _BY_TYPE.get(type_)
        if family is None:
            continue
        for path in family.templates:
            for template in walk(node, path):
                yield Pod(template.at("spec"), template.at("metadata"), type_, node)
        for path in family.specs:
            for spec in walk(node, path):
                yield Pod(spec, node.at("metadata") if path == "spec" else spec.at("metadata"), type_, node)


def objects(resource: Subject) -> Iterator[tuple[str, Node]]:
    """The Kubernetes objects of a resource with their types: itself, or the items of a `List`."""
    if resource.type not in _LISTS:
        yield resource.type, resource.props
        return
    for item in resource.props.each("items"):
        yield type_of(item), item


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
