"""Which kinds of workload there are, and where each keeps its pods: built-in ones, KEDA, Kubeflow, Ray, Slurm, Argo.

Source: the CRDs of each project, at every version that its clusters served in the last years.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EACH: Final = "*"
"""In a path: each element of a list."""
ENTRIES: Final = "{}"
"""In a path: each entry of a map."""

Keys = tuple[str, ...]


@dataclass(frozen=True)
class Family:
    """Kinds of an API group whose objects hold pods at the same places.

    Attributes:
        group: The API group.
        versions: Its versions.
        kinds: The kinds.
        templates: Where pod templates are.
        specs: Where bare pod specs are.
        beside: Where containers are that the operator puts into the first of the pods.
    """

    group: str
    versions: Keys
    kinds: Keys
    templates: Keys = ()
    specs: Keys = ()
    beside: Keys = ()


_KUBEFLOW: Final = ("pytorch", "tf", "mpi", "xgb", "xgboost", "paddle", "mx", "jax")
_RAY: Final = ("headGroupSpec.template", "workerGroupSpecs.*.template")
_RAYS_OWN: Final = ("autoscalerOptions", "historyServerOptions.collectorOptions")
_INLINE: Final = ("templates.*.dag.tasks.*.inline", "templates.*.steps.*.*.inline")
_ARGO: Final = ("templates.*", *_INLINE, "templateDefaults")


def _below(above: str, paths: Keys) -> Keys:
    return tuple(f"{above}.{path}" for path in paths)


FAMILIES: Final = (
    Family("core", ("v1",), ("Pod",), specs=("spec",)),
    Family("core", ("v1",), ("PodTemplate",), ("template",)),
    Family("core", ("v1",), ("ReplicationController",), ("spec.template",)),
    Family("apps", ("v1",), ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"), ("spec.template",)),
    Family("batch", ("v1",), ("Job",), ("spec.template",)),
    Family("batch", ("v1", "v1beta1", "v2alpha1"), ("CronJob",), ("spec.jobTemplate.spec.template",)),
    Family("keda.sh", ("v1alpha1",), ("ScaledJob",), ("spec.jobTargetRef.template",)),
    Family(
        "kubeflow.org",
        ("v1", "v1alpha2", "v1beta1", "v1beta2", "v2beta1"),
        ("PyTorchJob", "TFJob", "MPIJob", "XGBoostJob", "PaddleJob", "MXJob", "JAXJob"),
        tuple(f"spec.{framework}ReplicaSpecs.{ENTRIES}.template" for framework in _KUBEFLOW),
    ),
    Family("kubeflow.org", ("v1", "v1beta1", "v1alpha1"), ("Notebook",), ("spec.template",)),
    Family(
        "trainer.kubeflow.org",
        ("v1alpha1",),
        ("TrainingRuntime", "ClusterTrainingRuntime"),
        ("spec.template.spec.replicatedJobs.*.template.spec.template",),
    ),
    Family("trainer.kubeflow.org", ("v1alpha1",), ("TrainJob",), specs=("spec",)),
    Family(
        "ray.io",
        ("v1", "v1alpha1"),
        ("RayCluster",),
        _below("spec", _RAY),
        beside=_below("spec", _RAYS_OWN),
    ),
    Family(
        "ray.io",
        ("v1", "v1alpha1"),
        ("RayJob",),
        (*_below("spec.rayClusterSpec", _RAY), "spec.submitterPodTemplate"),
        beside=_below("spec.rayClusterSpec", _RAYS_OWN),
    ),
    Family(
        "ray.io",
        ("v1",),
        ("RayCronJob",),
        (*_below("spec.jobTemplate.rayClusterSpec", _RAY), "spec.jobTemplate.submitterPodTemplate"),
        beside=_below("spec.jobTemplate.rayClusterSpec", _RAYS_OWN),
    ),
    Family(
        "ray.io",
        ("v1", "v1alpha1"),
        ("RayService",),
        _below("spec.rayClusterConfig", _RAY),
        beside=_below("spec.rayClusterConfig", _RAYS_OWN),
    ),
    Family(
        "jobset.x-k8s.io",
        ("v1alpha1", "v1alpha2"),
        ("JobSet",),
        ("spec.replicatedJobs.*.template.spec.template", "spec.jobs.*.template.spec.template"),
    ),
    Family(
        "leaderworkerset.x-k8s.io",
        ("v1",),
        ("LeaderWorkerSet",),
        ("spec.leaderWorkerTemplate.leaderTemplate", "spec.leaderWorkerTemplate.workerTemplate"),
    ),
    Family("batch.volcano.sh", ("v1alpha1",), ("Job",), ("spec.tasks.*.template",)),
    Family("batch.volcano.sh", ("v1alpha1",), ("CronJob",), ("spec.jobTemplate.spec.tasks.*.template",)),
    Family("flow.volcano.sh", ("v1alpha1",), ("JobTemplate",), ("spec.tasks.*.template",)),
    Family("sagemaker.amazonaws.com", ("v1",), ("HyperPodPyTorchJob",), ("spec.replicaSpecs.*.template",)),
    Family(
        "slinky.slurm.net",
        ("v1alpha1", "v1beta1"),
        ("NodeSet", "LoginSet", "Controller", "Accounting", "RestApi"),
        ("spec.template",),
        beside=tuple(
            f"spec.{name}"
            for name in ("slurmd", "slurmctld", "slurmdbd", "slurmrestd", "login", "initconf", "logfile", "reconfigure")
        ),
    ),
    Family("flux-framework.org", ("v1alpha2", "v1alpha1"), ("MiniCluster",), specs=("spec",)),
    Family("kubernetes.dask.org", ("v1",), ("DaskCluster",), specs=("spec.worker.spec", "spec.scheduler.spec")),
    Family("kubernetes.dask.org", ("v1",), ("DaskWorkerGroup",), specs=("spec.worker.spec",)),
    Family(
        "kubernetes.dask.org",
        ("v1",),
        ("DaskJob",),
        specs=("spec.job.spec", "spec.cluster.spec.worker.spec", "spec.cluster.spec.scheduler.spec"),
    ),
    Family(
        "sparkoperator.k8s.io",
        ("v1beta1", "v1beta2"),
        ("SparkApplication",),
        specs=("spec", "spec.driver", "spec.executor"),
        beside=("spec.driver", "spec.executor"),
    ),
    Family(
        "sparkoperator.k8s.io",
        ("v1beta1", "v1beta2"),
        ("ScheduledSparkApplication",),
        specs=("spec.template", "spec.template.driver", "spec.template.executor"),
        beside=("spec.template.driver", "spec.template.executor"),
    ),
    Family("actions.github.com", ("v1alpha1",), ("AutoscalingRunnerSet",), ("spec.template",)),
    Family("argoproj.io", ("v1alpha1",), ("Rollout",), ("spec.template",)),
    Family(
        "argoproj.io",
        ("v1alpha1",),
        ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate"),
        specs=("spec", *_below("spec", _ARGO)),
    ),
    Family(
        "argoproj.io",
        ("v1alpha1",),
        ("CronWorkflow",),
        specs=("spec.workflowSpec", *_below("spec.workflowSpec", _ARGO)),
    ),
    Family("serving.knative.dev", ("v1", "v1beta1"), ("Service", "Configuration"), ("spec.template",)),
    Family("serving.knative.dev", ("v1", "v1beta1"), ("Revision",), specs=("spec",)),
    Family(
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
    Family(
        "serving.kserve.io",
        ("v1alpha1", "v1alpha2"),
        ("LLMInferenceService", "LLMInferenceServiceConfig"),
        specs=(
            "spec.template",
            "spec.worker",
            "spec.prefill.template",
            "spec.prefill.worker",
            "spec.router.scheduler.template",
            "spec.router.scheduler.tokenizer.template",
        ),
    ),
    Family("machinelearning.seldon.io", ("v1",), ("SeldonDeployment",), ("spec.predictors.*.componentSpecs.*",)),
    Family("agents.x-k8s.io", ("v1alpha1", "v1beta1"), ("Sandbox",), ("spec.podTemplate",)),
    Family("extensions.agents.x-k8s.io", ("v1alpha1", "v1beta1"), ("SandboxTemplate",), ("spec.podTemplate",)),
    Family(
        "serving.kserve.io",
        ("v1alpha1",),
        ("ServingRuntime", "ClusterServingRuntime"),
        specs=("spec", "spec.workerSpec"),
    ),
    Family("serving.kserve.io", ("v1alpha1",), ("ClusterStorageContainer",), specs=("spec",)),
)
LISTS: Final = {
    "kubernetes:core/v1:List": "items",
    "kubernetes:workload.codeflare.dev/v1beta2:AppWrapper": "spec.components.*.template",
}
"""Kinds that hold whole objects, and where."""

BY_TYPE: Final = {
    f"kubernetes:{family.group}/{version}:{kind}": family
    for family in FAMILIES
    for version in family.versions
    for kind in family.kinds
}
TYPES: Final = (*BY_TYPE, *LISTS)
"""Every type that pods are found in."""
