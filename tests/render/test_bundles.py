"""Bundles of manifests: what the provider would register by itself is in the graph."""

import pytest

from components.base.problems import InvalidInputError

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: shell, namespace: ops}\nspec: {hostPID: true}\n"
CLAIM = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "gpu"}}
PREAMBLE = "import pulumi\nimport pulumi_kubernetes as k8s\nfrom pulumi_kubernetes.helm.v3 import *\n"


def rendered(project, body):
    project.program(body, preamble=PREAMBLE)
    return project.render().resources


def test_what_a_config_file_and_a_config_group_make_are_their_children(project):
    (project.root / "infra" / "pod.yaml").write_text(f"{POD}---\n---\nkind: List\napiVersion: v1\nitems: [{CLAIM}]\n")
    made = rendered(
        project,
        f"""
        k8s.yaml.v2.ConfigGroup("file", files=["po*.yaml"])
        k8s.yaml.v2.ConfigGroup("group", yaml={POD!r}, objs=[{CLAIM}], resource_prefix="own")
        k8s.yaml.v2.ConfigFile("elsewhere", file="https://example.org/pod.yaml")
        """,
    )
    pod, pool = "kubernetes:core/v1:Pod", "kubernetes:karpenter.sh/v1:NodePool"
    bundles = {one.name: one for one in made if one.type.startswith("kubernetes:yaml")}
    file, group = bundles["file"], bundles["group"]
    of_file, listed, *of_group = (one for one in made if one.parent in (file.urn, group.urn))
    assert not [one for one in made if one.parent == bundles["elsewhere"].urn]
    assert (of_file.type, of_file.name, of_file.parent) == (pod, "file:ops/shell", file.urn)
    assert of_file.inputs["spec"] == {"hostPID": True}
    assert listed.name == "file:gpu"
    assert of_file.source == file.source != of_group[0].source
    assert [(one.type, one.name, one.parent) for one in of_group] == [
        (pod, "own:ops/shell", group.urn),
        (pool, "own:gpu", group.urn),
    ]


def test_a_list_of_one_word_is_no_mark_of_a_secret(project):
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, finalizers: [secret]}\nspec: {tolerations: [unknown]}\n"
    *_, pod = rendered(project, f'k8s.yaml.v2.ConfigGroup("group", yaml={text!r})')
    assert (pod.name, pod.inputs["metadata"]["finalizers"]) == ("group:a", ["secret"])


def test_a_file_that_is_not_there_is_told(project):
    project.program('k8s.yaml.v2.ConfigFile("file", file="nowhere.yaml")', preamble=PREAMBLE)

    with pytest.raises(InvalidInputError, match=r"nowhere\.yaml") as refused:
        project.render()
    assert "no such file" in refused.value.problems[0].message


def test_a_chart_shows_what_it_fetches(project):
    *_, chart = rendered(
        project,
        """
        repository = FetchOpts(repo="https://me:pw@charts.example.org", version="1.2.3")
        Chart("web", ChartOpts(chart="nginx", namespace="web", fetch_opts=repository, values={"replicas": 2}))
        """,
    )
    assert chart.inputs == {
        "chart": "nginx",
        "version": "1.2.3",
        "repositoryOpts": {"repo": "https://charts.example.org"},
        "values": "[secret]",
    }


def test_what_a_secret_holds_is_one(project):
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: hunter2}\n"
    *_, secret = rendered(project, f'k8s.yaml.v2.ConfigGroup("db", yaml={text!r})')

    assert secret.inputs["stringData"] == "[secret]"


def test_secrets_among_a_charts_values_are_never_shown(project):
    project.program(
        'Chart("web", ChartOpts(chart="nginx", values={"password": pulumi.Output.secret("hunter2")}))\n',
        preamble=PREAMBLE,
    )
    graph = project.render()
    assert graph.resources[-1].inputs == {"chart": "nginx", "values": "[secret]"}
    assert "hunter2" not in graph.to_json()


def test_a_chart_that_waits_for_what_is_unknown_is_hidden_and_not_empty(project):
    project.program(
        'space = k8s.core.v1.Namespace("web").metadata.name\n'
        'Chart("web", ChartOpts(chart="nginx", version=space, namespace=space))\n',
        preamble=PREAMBLE,
    )
    (chart,) = project.render(unknowns=True).of_type("kubernetes:helm.sh/v3:Chart")
    assert chart.inputs == {"chart": "[unknown]", "version": "[unknown]", "values": "[unknown]"}
