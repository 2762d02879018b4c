"""Pods and containers, whatever kind of workload describes them."""

import pytest

from policies.engine.subject import Subject
from policies.engine.values import UNKNOWN, UnevaluatedError
from policies.rules._shared.kubernetes.workloads import pods

POD = {"containers": [{"name": "train", "image": "a"}], "initContainers": [{"name": "init", "image": "b"}]}
TEMPLATE = {"metadata": {"labels": {"app": "x"}}, "spec": POD}
RAY = {"headGroupSpec": {"template": TEMPLATE}, "workerGroupSpecs": [{"template": TEMPLATE}, {"template": TEMPLATE}]}

KINDS = [
    ("core/v1:Pod", {"spec": POD}, 1),
    ("core/v1:PodTemplate", {"template": TEMPLATE}, 1),
    ("core/v1:ReplicationController", {"spec": {"template": TEMPLATE}}, 1),
    ("apps/v1:Deployment", {"spec": {"template": TEMPLATE}}, 1),
    ("apps/v1:DeploymentPatch", {"spec": {"template": TEMPLATE}}, 1),
    ("extensions/v1beta1:Deployment", {"spec": {"template": TEMPLATE}}, 1),
    ("apps/v1:StatefulSet", {"spec": {"template": TEMPLATE}}, 1),
    ("apps/v1:DaemonSet", {"spec": {"template": TEMPLATE}}, 1),
    ("apps/v1:ReplicaSet", {"spec": {"template": TEMPLATE}}, 1),
    ("batch/v1:Job", {"spec": {"template": TEMPLATE}}, 1),
    ("batch/v1:CronJob", {"spec": {"jobTemplate": {"spec": {"template": TEMPLATE}}}}, 1),
    ("keda.sh/v1alpha1:ScaledJob", {"spec": {"jobTargetRef": {"template": TEMPLATE}}}, 1),
    (
        "kubeflow.org/v1:PyTorchJob",
        {"spec": {"pytorchReplicaSpecs": {"Master": {"template": TEMPLATE}, "Worker": {"template": TEMPLATE}}}},
        2,
    ),
    ("kubeflow.org/v2beta1:MPIJob", {"spec": {"mpiReplicaSpecs": {"Launcher": {"template": TEMPLATE}}}}, 1),
    ("ray.io/v1:RayCluster", {"spec": RAY}, 3),
    ("ray.io/v1:RayJob", {"spec": {"rayClusterSpec": RAY}}, 3),
    ("ray.io/v1:RayCronJob", {"spec": {"jobTemplate": {"rayClusterSpec": RAY}}}, 3),
    ("ray.io/v1:RayService", {"spec": {"rayClusterConfig": RAY}}, 3),
    (
        "jobset.x-k8s.io/v1alpha2:JobSet",
        {"spec": {"replicatedJobs": [{"template": {"spec": {"template": TEMPLATE}}}]}},
        1,
    ),
    (
        "leaderworkerset.x-k8s.io/v1:LeaderWorkerSet",
        {"spec": {"leaderWorkerTemplate": {"leaderTemplate": TEMPLATE, "workerTemplate": TEMPLATE}}},
        2,
    ),
    ("batch.volcano.sh/v1alpha1:Job", {"spec": {"tasks": [{"template": TEMPLATE}]}}, 1),
    (
        "batch.volcano.sh/v1alpha1:CronJob",
        {"spec": {"jobTemplate": {"spec": {"tasks": [{"template": TEMPLATE}]}}}},
        1,
    ),
    ("flow.volcano.sh/v1alpha1:JobTemplate", {"spec": {"tasks": [{"template": TEMPLATE}]}}, 1),
    ("kubeflow.org/v1alpha2:MPIJob", {"spec": {"mpiReplicaSpecs": {"Launcher": {"template": TEMPLATE}}}}, 1),
    ("machinelearning.seldon.io/v1:SeldonDeployment", {"spec": {"predictors": [{"componentSpecs": [TEMPLATE]}]}}, 1),
    ("serving.kserve.io/v1alpha1:LLMInferenceService", {"spec": {"template": POD, "worker": POD}}, 2),
    ("extensions.agents.x-k8s.io/v1beta1:SandboxTemplate", {"spec": {"podTemplate": TEMPLATE}}, 1),
    ("argoproj.io/v1alpha1:Rollout", {"spec": {"template": TEMPLATE}}, 1),
    ("serving.knative.dev/v1:Service", {"spec": {"template": TEMPLATE}}, 1),
    ("serving.kserve.io/v1alpha1:ServingRuntime", {"spec": {"workerSpec": POD, **POD}}, 2),
    ("serving.kserve.io/v1alpha2:LLMInferenceService", {"spec": {"router": {"scheduler": {"template": POD}}}}, 1),
    ("argoproj.io/v1alpha1:WorkflowTemplate", {"spec": POD}, 1),
    ("flux-framework.org/v1alpha2:MiniCluster", {"spec": POD}, 1),
    ("kubernetes.dask.org/v1:DaskCluster", {"spec": {"worker": {"spec": POD}, "scheduler": {"spec": POD}}}, 2),
    ("kubernetes.dask.org/v1:DaskJob", {"spec": {"job": {"spec": POD}}}, 1),
    ("actions.github.com/v1alpha1:AutoscalingRunnerSet", {"spec": {"template": TEMPLATE}}, 1),
    ("serving.kserve.io/v1beta1:InferenceService", {"spec": {"predictor": POD}}, 1),
    ("core/v1:ConfigMap", {"spec": POD}, 0),
]


def subject(type_, props):
    return Subject("urn", f"kubernetes:{type_}", "it", props)


@pytest.mark.parametrize(("type_", "props", "count"), KINDS, ids=[f"{kind[0]}" for kind in KINDS])
def test_finds_the_pods_of_each_kind(type_, props, count):
    found = list(pods(subject(type_, props)))
    assert len(found) == count
    for pod in found:
        assert [container.image.text() for container in pod.containers] == ["a", "b"]


def test_knows_the_pod_s_own_labels():
    (deployment,) = pods(subject("apps/v1:Deployment", {"spec": {"template": TEMPLATE}, "metadata": {"labels": {}}}))
    assert deployment.metadata.text("labels", "app") == "x"
    assert deployment.kind == "Deployment"


def test_argo_templates_have_one_main_container():
    step = {"container": {"image": "a"}, "sidecars": [{"image": "b"}]}
    workflow = {"spec": {"templates": [step, {"script": {"image": "c"}}, {"dag": {}}]}}
    found = list(pods(subject("argoproj.io/v1alpha1:Workflow", workflow)))
    assert [c.image.text() for pod in found for c in pod.containers] == ["a", "b", "c"]


def test_argo_templates_may_stand_within_steps_and_tasks():
    dag = {"dag": {"tasks": [{"name": "t", "template": "x"}, {"name": "u", "inline": {"container": {"image": "a"}}}]}}
    steps = {"steps": [[{"name": "s", "inline": {"script": {"image": "b"}}}], [{"name": "v", "template": "x"}]]}
    found = pods(subject("argoproj.io/v1alpha1:CronWorkflow", {"spec": {"workflowSpec": {"templates": [dag, steps]}}}))
    assert [c.image.text() for pod in found for c in pod.containers] == ["a", "b"]


@pytest.mark.parametrize("spec", [{"template": TEMPLATE}, {}], ids=["template", "operator's own template"])
def test_an_operator_puts_its_containers_into_the_first_pod(spec):
    (pod,) = pods(subject("slinky.slurm.net/v1beta1:NodeSet", {"spec": {**spec, "slurmd": {"image": "d"}}}))
    assert [(c.name, c.image.text()) for c in pod.containers][:1] == [("slurmd", "d")]
    assert len(list(pod.containers)) == (3 if spec else 1)


def test_spark_s_halves_are_pods_and_containers():
    half = {"image": "a", "initContainers": [{"name": "fetch", "image": "b"}]}
    application = {"spec": {"volumes": [{"name": "v"}], "driver": half, "executor": half}}
    found = list(pods(subject("sparkoperator.k8s.io/v1beta2:SparkApplication", application)))
    assert [[c.name for c in pod.containers] for pod in found] == [["driver", "executor"], ["fetch"], ["fetch"]]


def test_looks_into_wrappers():
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": TEMPLATE}}
    service = {"apiVersion": "v1", "kind": "Service"}
    wrapped = {"spec": {"components": [{"template": deployment}, {"template": service}]}}
    (pod,) = pods(subject("workload.codeflare.dev/v1beta2:AppWrapper", wrapped))
    assert pod.spec.shown == "spec.components[0].template.spec.template.spec"


def test_looks_into_lists():
    items = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": POD},
        {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": TEMPLATE}},
        {"apiVersion": "v1", "kind": "Service", "spec": {}},
    ]
    found = list(pods(subject("core/v1:List", {"apiVersion": "v1", "kind": "List", "items": items})))
    assert [pod.kind for pod in found] == ["Pod", "Deployment"]
    assert found[1].spec.shown == "items[1].spec.template.spec"
    assert found[0].metadata.text("name") == "p"


def test_knows_ephemeral_containers():
    debug = {"containers": [{"image": "a"}], "ephemeralContainers": [{"name": "debugger", "image": "d"}]}
    (pod,) = pods(subject("core/v1:Pod", {"spec": debug}))
    assert [(c.name, c.field) for c in pod.containers] == [
        ("containers", "containers"),
        ("debugger", "ephemeralContainers"),
    ]


def test_what_is_unknown_on_the_way_is_no_absence():
    with pytest.raises(UnevaluatedError):
        list(pods(subject("apps/v1:Deployment", {"spec": {"template": UNKNOWN}})))


def test_trainers_and_predictors_may_have_one_container_by_itself():
    (trainer,) = pods(subject("trainer.kubeflow.org/v1alpha1:TrainJob", {"spec": {"trainer": {"image": "a"}}}))
    served = {"spec": {"predictor": {"model": {"image": "b"}}, "transformer": {"triton": {"image": "c"}}}}
    predictors = pods(subject("serving.kserve.io/v1beta1:InferenceService", served))
    assert [c.image.text() for pod in (trainer, *predictors) for c in pod.containers] == ["a", "b", "c"]
