"""Kubernetes resources in a render: symbols for what only the cluster knows, and inputs as they will be sent."""

PREAMBLE = """
import json
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
from pulumi import ResourceOptions as Options

account = aws.Provider("aws", region="us-east-1")
cluster = aws.eks.Cluster(
    "it", role_arn="arn:aws:iam::111122223333:role/r", vpc_config={"subnet_ids": ["subnet-1"]},
    opts=Options(provider=account),
)
kubeconfig = pulumi.Output.json_dumps({"clusters": [{"cluster": {"server": cluster.endpoint}}]})
provider = kubernetes.Provider("it", kubeconfig=kubeconfig, cluster_identifier=cluster.arn)
opts = Options(provider=provider)
"""
CLUSTER = "urn:pulumi:dev::demo::aws:eks/cluster:Cluster::it"
RELEASE = "urn:pulumi:dev::demo::kubernetes:helm.sh/v3:Release::karpenter"


def rendered(project, body, **arguments):
    project.program(body, preamble=PREAMBLE)
    graph = project.render(**arguments)
    return {resource.type: resource for resource in graph.resources}, graph.outputs


def test_the_clusters_symbols_flow_into_the_provider_and_what_it_makes(project):
    found, outputs = rendered(
        project,
        """
        release = kubernetes.helm.v3.Release(
            "karpenter", chart="oci://public.ecr.aws/karpenter/karpenter", version="1.14.1", namespace="kube-system",
            values={"settings": {"clusterName": cluster.name}}, opts=opts,
        )
        pool = kubernetes.apiextensions.CustomResource(
            "pool", api_version="karpenter.sh/v1", kind="NodePool", metadata={"name": "p5-g1"},
            spec={"limits": {"nodes": 2}}, opts=Options(provider=provider, depends_on=[release]),
        )
        space = kubernetes.core.v1.Namespace("team", opts=opts)
        pulumi.export("revision", release.status.revision)
        pulumi.export("pool", pool.metadata["name"])
        pulumi.export("space", space.metadata.name)
        pulumi.export("id", pool.id)
        """,
    )
    inputs = found["pulumi:providers:kubernetes"].inputs
    assert inputs["kubeconfig"] == f'{{"clusters": [{{"cluster": {{"server": "${{{CLUSTER}.endpoint}}"}}}}]}}'
    assert inputs["clusterIdentifier"] == f"${{{CLUSTER}.arn}}"
    assert found["kubernetes:helm.sh/v3:Release"].inputs["values"] == {
        "settings": {"clusterName": f"${{{CLUSTER}.name}}"}
    }
    pool = found["kubernetes:karpenter.sh/v1:NodePool"]
    assert pool.inputs == {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": "p5-g1"},
        "spec": {"limits": {"nodes": 2}},
    }
    assert pool.options["dependsOn"] == [RELEASE]
    assert outputs == {
        "revision": f"${{{RELEASE}.status.revision}}",
        "pool": "p5-g1",
        "space": "${urn:pulumi:dev::demo::kubernetes:core/v1:Namespace::team.metadata.name}",
        "id": "${urn:pulumi:dev::demo::kubernetes:karpenter.sh/v1:NodePool::pool.id}",
    }


def test_in_a_previews_view_the_clusters_kubeconfig_is_unknown(project):
    found, outputs = rendered(
        project,
        'pulumi.export("space", kubernetes.core.v1.Namespace("team", opts=opts).metadata.name)\n',
        unknowns=True,
    )
    assert found["pulumi:providers:kubernetes"].inputs["kubeconfig"] == "[unknown]"
    assert outputs == {"space": "[unknown]"}


def test_kubernetes_resources_read_by_kind(project):
    project.program(
        'kubernetes.apiextensions.CustomResource("pool", "karpenter.sh/v1", "NodePool", opts=opts)\n'
        'kubernetes.core.v1.Namespace("team", opts=opts)\n',
        preamble=PREAMBLE,
    )
    said = project.command("dev").stdout.decode()
    assert "karpenter.sh.NodePool pool" in said
    assert "core.Namespace team" in said


def test_a_services_address_is_the_clusters_to_give(project):
    _, outputs = rendered(
        project,
        """
        service = kubernetes.core.v1.Service("web", spec={"type": "LoadBalancer", "ports": [{"port": 80}]}, opts=opts)
        pulumi.export("host", service.status.apply(lambda status: status.load_balancer.ingress[0].hostname))
        pulumi.export("lifted", service.status.load_balancer.ingress[0].hostname)
        """,
    )

    host = "${urn:pulumi:dev::demo::kubernetes:core/v1:Service::web.status.loadBalancer.ingress[0].hostname}"
    assert outputs == {"host": host, "lifted": host}
