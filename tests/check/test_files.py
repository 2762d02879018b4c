"""Files are told apart by what is in them, and what is neither kind is never passed over."""

import json
import time

import pytest

from herd.check import files
from herd.check.files import given
from policies.engine.subject import Origin

MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: trainer, namespace: team-a}
spec:
  replicas: 2
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata:
    generateName: job-
- apiVersion: v1
  kind: PodList
  items:
  - metadata: {name: inner}
    spec:
      hostNetwork: true
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: gpu}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: trainer, namespace: team-a}
"""
CLUSTER = """\
# a cluster
Region: us-east-2
HeadNode:
  Ssh:
    KeyName: mine
Scheduling: {Scheduler: slurm}
"""
HELM = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: "


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text, name="f.yaml"):
        (tmp_path / name).write_text(text if isinstance(text, str) else json.dumps(text))
        return name

    return write


def subjects(*names):
    found, problems = given(names)
    assert problems == []
    return [subject for one in found for subject in one.stack.subjects]


def said(*names, **options):
    found, problems = given(names, **options)
    assert found == []
    return [str(problem) for problem in problems]


def test_manifests(file):
    found = subjects(file(MANIFESTS))
    assert [(s.urn, s.type, s.place.line) for s in found] == [
        ("Deployment/team-a/trainer", "kubernetes:apps/v1:Deployment", 1),
        ("Pod/job-", "kubernetes:core/v1:Pod", 10),
        ("Pod/inner", "kubernetes:core/v1:Pod", 17),
        ("NodePool/gpu", "kubernetes:karpenter.sh/v1:NodePool", 21),
        ("Deployment/team-a/trainer#2", "kubernetes:apps/v1:Deployment", 25),
    ]
    assert {s.origin for s in found} == {Origin.FILE}


def test_properties_know_their_lines(file):
    deployment, _, pod, *_ = subjects(file(MANIFESTS))
    assert str(deployment.where(("spec", "replicas"))) == "f.yaml:5"
    assert str(pod.where(("spec", "hostNetwork"))) == "f.yaml:19"
    assert str(pod.where(("spec", "containers", 0))) == "f.yaml:18"
    assert pod.props.flag("spec", "hostNetwork") is True
    assert pod.props.text("apiVersion") == "v1"


def test_a_cluster_file(file):
    (cluster,) = subjects(file(CLUSTER, "gpu.yaml"))
    assert (cluster.urn, cluster.type) == ("Cluster/gpu", "parallelcluster:index:Cluster")
    assert str(cluster.where(("HeadNode", "Ssh", "KeyName"))) == "gpu.yaml:5"


def test_files_of_one_run_are_judged_together(file):
    (one,), _ = given([file(MANIFESTS, "a.yaml"), file(CLUSTER, "b.yaml"), "a.yaml"])
    assert one.name == "2 files"
    assert len(one.stack.subjects) == 6
    assert {s.place.file for s in one.stack.subjects} == {"a.yaml", "b.yaml"}


def test_json_has_lines_too(file):
    text = (
        '{\n\t"apiVersion": "v1",\n\t"kind": "Pod",\n\t"metadata": {"name": "a\\/b"},\n\t"spec": {\n\t\t"x": 1\n\t}\n}'
    )
    (pod,) = subjects(file(text, "pod.json"))
    assert pod.name == "a/b"
    assert str(pod.where(("spec", "x"))) == "pod.json:6"


def test_json_that_yaml_cannot_read_has_none(file):
    (pod,) = subjects(file({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "\U0001f600"}}, "pod.json"))
    assert str(pod.where(("metadata",))) == "pod.json"


def test_large_json_is_read_without_lines(file, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    (pod,) = subjects(file({"apiVersion": "v1", "kind": "Pod"}, "pod.json"))
    assert (pod.urn, pod.place.line) == ("Pod/unnamed", 0)


def test_yaml_in_braces(file):
    (pod,) = subjects(file("{apiVersion: v1, kind: Pod}"))
    assert pod.type == "kubernetes:core/v1:Pod"


def test_a_rendered_graph(file, graph):
    rendered = graph(site=({"acl": "private"}, {}), theirs=({}, {"id": "b-1"}))
    (one,), problems = given([file(rendered.to_json(), "g.json")])
    assert problems == []
    assert (one.name, one.stack.project, one.stack.origin) == ("dev", "demo", Origin.RENDER)
    assert [s.name for s in one.stack.subjects] == ["s", "site", "aws"]
    assert one.passed_over == {"only read by the program": 1}


KINDS = (
    "expected Kubernetes manifests (apiVersion and kind) or a ParallelCluster 3 configuration (HeadNode and Scheduling)"
)
NEITHER = {
    "values of a chart": ("image: {tag: latest}\nreplicas: 1", "f.yaml:1: is neither a manifest nor a cluster file"),
    "text": ("just text", "f.yaml:1: isn't a map"),
    "a list": ("- apiVersion: v1\n  kind: Pod", "f.yaml:1: isn't a map"),
    "no version": ("kind: Pod", "f.yaml:1: has kind and no apiVersion"),
    "no kind": ("apiVersion: v1", "f.yaml:1: has apiVersion and no kind"),
    "half a cluster": ("HeadNode: {}", "f.yaml:1: has HeadNode and no Scheduling"),
    "CloudFormation": ("Resources: {a: {Type: x}}", "f.yaml:1: is a CloudFormation template"),
    "a stack's settings": ("config: {a:b: 1}", "f.yaml:1: is a stack's settings (herd check STACK judges the stack)"),
    "a later document": ("apiVersion: v1\nkind: Pod\n---\na: 1", "f.yaml:4: is neither a manifest nor a cluster file"),
}


@pytest.mark.parametrize("case", NEITHER)
def test_what_is_neither_is_an_error_that_names_both(file, case):
    text, words = NEITHER[case]
    found, (problem,) = given([file(text)])
    assert str(problem).startswith(words)
    assert str(problem).endswith(KINDS)
    # What is good in the file is judged all the same.
    assert len(found) == (case == "a later document")


BAD = {
    "no documents": ("---\n---\n# x", "holds nothing but comments"),
    "a template": (HELM + "{{ .Release.Name }}", "f.yaml:4: isn't YAML, but looks like a template"),
    "a template in quotes": (HELM + '"{{ .Release.Name }}-x"', "f.yaml:4: is a Helm template ({{ .Release …)"),
    "a template's end": (
        "{{- if .Values.on }}\nkind: Pod\n{{- end }}",
        "f.yaml:1: isn't YAML, but looks like a template",
    ),
    "a kind that is no text": ("apiVersion: v1\nkind: [Pod]", "its kind should be text"),
    "metadata that is no map": ("apiVersion: v1\nkind: Pod\nmetadata: x", "f.yaml:3: metadata: isn't a map"),
    "an item that is no object": (
        "apiVersion: v1\nkind: List\nitems:\n- kind: Pod",
        "f.yaml:4: items[0]: isn't a Kubernetes object",
    ),
    "a list whose items are none": (
        "apiVersion: v1\nkind: List\nitems: {a: {kind: Pod}}",
        "f.yaml:3: items: isn't a list",
    ),
    "a preview": ('{"steps": []}', "is a preview"),
    "keys twice in JSON": ('{"a": 1, "a": 2}', "keys that stand in one map twice: a"),
    "half a character": ('{"a": "\\ud800"}', "half a character"),
    "no number": ('{"a": NaN}', "NaN is no JSON value"),
    "a number without end": ('{"a": ' + "9" * 5000 + "}", "not valid JSON"),
    "depth": ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
    "a graph that is none": ('{"project": "p", "stack": "s", "resources": [{}]}', "not a rendered graph"),
}


@pytest.mark.parametrize("case", BAD)
def test_is_refused(file, case):
    text, words = BAD[case]
    (problem,) = said(file(text))
    assert words in problem
    assert problem.startswith("f.yaml")


def test_expressions_that_belong_to_a_manifest_are_none_of_helm_s(file):
    workflow = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec: {args: ['{{workflow.name}}', '{{ $labels.pod }}']}"
    )
    assert len(subjects(file(workflow))) == 1


def test_many_keys_that_stand_twice_are_told_at_once(file):
    started = time.process_time()
    (problem,) = said(file("{" + ",".join(f'"k{number % 9000}": 1' for number in range(18_000)) + "}"))
    assert "keys that stand in one map twice: k0, k1, " in problem
    assert time.process_time() - started < 1


def test_json_says_where_it_ends(file):
    assert said(file('{\n"a": ', "f.json")) == ["f.json:2: not valid JSON: Expecting value"]


def test_every_problem_at_once_but_not_thousands(file):
    problems = said(file("---\n".join(["a: 1\n"] * 50)), "missing.yaml")
    assert len(problems) == 22
    assert "and 30 more problems like these" in problems[-2] + problems[0]
    assert any("no such file" in problem for problem in problems)


def test_state_means_saved_deployments_alone(file, graph):
    assert said(file(graph().to_json()), deployments=True) == ["f.yaml: is a rendered graph (fix: give it with --file)"]
    assert "is no saved deployment" in said(file(MANIFESTS), deployments=True)[0]
