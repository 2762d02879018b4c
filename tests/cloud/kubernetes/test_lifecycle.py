"""A cluster's contents through the embedded engine: come up, stay the same, change, be replaced, go."""

import json
import textwrap

import pytest

from herd.cloud.stand_ins import folders, servicers
from herd.engine import Backend, Engine, Program
from herd.plan import PropertyChange

PREAMBLE = """
import pulumi
import pulumi_kubernetes as kubernetes
from pulumi import ResourceOptions as Options

config = pulumi.Config()
provider = kubernetes.Provider("it", kubeconfig=config.require("kubeconfig"), cluster_identifier="it")


def release(chart, after=()):
    return kubernetes.helm.v3.Release(
        chart, chart=f"oci://public.ecr.aws/karpenter/{chart}", version="1.14.1", name=chart, namespace="kube-system",
        skip_crds=True, opts=Options(provider=provider, depends_on=[*after]),
    )


def custom(name, api_version, kind, spec, after=()):
    return kubernetes.apiextensions.CustomResource(
        name, api_version=api_version, kind=kind, metadata={"name": config.require("name")}, spec=spec,
        opts=Options(provider=provider, depends_on=[*after]),
    )
"""
KARPENTER = """
crds = release("karpenter-crd")
controller = release("karpenter", [crds])
node_class = custom("class", "karpenter.k8s.aws/v1", "EC2NodeClass", {
    "amiFamily": "AL2023", "amiSelectorTerms": [{"id": "ami-1"}], "role": "node",
    "subnetSelectorTerms": [{"id": "subnet-1"}], "securityGroupSelectorTerms": [{"id": "sg-1"}],
}, [controller])
custom("pool", "karpenter.sh/v1", "NodePool", {
    "limits": {"nodes": config.require_int("nodes")},
    "template": {"spec": {
        "nodeClassRef": {
            "group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": node_class.metadata["name"],
        },
        "requirements": [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot"]}],
    }},
}, [controller])
pulumi.export("status", crds.status.status)
"""


class Stack:
    """A program on the cluster."""

    def __init__(self, cluster, folder):
        self.cluster, self.folder = cluster, folder
        self.backend = Backend(folder / "state", "demo", "dev", "a passphrase")
        self.providers = servicers({**cluster.environment, "HERD_PROVIDER_PATIENCE": "0.2"})

    def program(self, body):
        (self.folder / "main.py").write_text(PREAMBLE + textwrap.dedent(body))
        return self

    def engine(self, **config):
        values = {"kubeconfig": json.dumps(self.cluster.kubeconfig()), "name": "gpu", "nodes": 4, **config}
        main = self.folder / "main.py"
        program = Program(self.folder, main, preload=("pulumi", "pulumi_kubernetes"))
        named = {f"demo:{key}": value for key, value in values.items()}
        environment = self.cluster.environment
        return Engine("demo", "dev", self.backend, self.providers, program, named, environment=environment)

    def said(self, outcome):
        return "\n".join(each.message for each in outcome.diagnostics if each.severity == "error")


@pytest.fixture
def stack(cluster, tmp_path):
    return Stack(cluster, tmp_path)


def live(outcome, name):
    return next(step for step in outcome.plan.changed() if step.name == name)


def test_pools_come_up_change_in_place_are_replaced_and_go(stack):
    stack.program(KARPENTER)
    up = stack.engine().up()
    assert up.exit_code == 0, stack.said(up)
    assert up.outputs == {"status": "deployed"}
    assert stack.engine().preview(expect_no_changes=True).exit_code == 0
    assert stack.engine().refresh(expect_no_changes=True).exit_code == 0

    smaller = stack.engine(nodes=0).up()
    assert smaller.changes == {"same": 5, "update": 1}
    assert live(smaller, "pool").detailed == (PropertyChange("spec.limits.nodes", "update", input=True),)

    renamed = stack.engine(nodes=0, name="other").preview()
    assert renamed.changes == {"same": 4, "replace": 2}
    assert live(renamed, "class").keys == ("metadata.name",)

    assert stack.engine(nodes=0).destroy().exit_code == 0
    api = stack.cluster.provider().settings.api
    left = [each for path in ("/api/v1/secrets", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
            for each in api.ask("GET", path)["items"]]  # fmt: skip
    assert [each["metadata"]["name"] for each in left] == ["eniconfigs.crd.k8s.amazonaws.com"]


def test_a_controller_that_goes_before_its_objects_leaves_them_hanging(stack):
    """Without `depends_on` a destroy may take Karpenter away first: its finalizer then holds the node class."""
    whole = KARPENTER.replace("}, [controller])", "}, [crds])")
    assert (
        stack.program(whole.replace('release("karpenter", [crds])', 'release("karpenter")')).engine().up().exit_code
        == 0
    )
    provider = stack.cluster.provider()
    provider.delete("urn:pulumi:dev::demo::kubernetes:helm.sh/v3:Release::karpenter", "kube-system/karpenter", 0)
    assert stack.engine().refresh().exit_code == 0
    gone = stack.engine().destroy()
    assert gone.exit_code != 0
    assert "finalizers (karpenter.k8s.aws/termination) wait for a controller that isn't there" in stack.said(gone)


def test_a_custom_resource_without_its_definition_fails_by_name(stack):
    outcome = stack.program('custom("pool", "karpenter.sh/v1", "NodePool", {})').engine().up()
    assert outcome.exit_code != 0
    assert 'no matches for kind "NodePool" in version "karpenter.sh/v1"' in stack.said(outcome)


def test_with_a_kubeconfig_that_is_not_known_yet_a_preview_asks_no_cluster(stack):
    """As with the cluster of the same stack: the provider is never configured, and everything below it is unknown."""
    stack.program("""
        crds = release("karpenter-crd")
        later = crds.status.status.apply(lambda _: config.require("kubeconfig"))
        second = kubernetes.Provider("second", kubeconfig=later, cluster_identifier="it")
        space = kubernetes.core.v1.Namespace("team", opts=Options(provider=second))
        pulumi.export("name", space.metadata["name"])
    """)
    preview = stack.engine().preview()
    assert preview.exit_code == 0, stack.said(preview)
    assert preview.changes == {"create": 5}
    assert preview.outputs == {"name": None}
    assert stack.cluster.cloud.requests["kubernetes", "Create namespaces"] == 0
    assert stack.engine().up().exit_code == 0
    # Once the state knows it, a preview does ask.
    assert stack.engine().preview(expect_no_changes=True).exit_code == 0


@pytest.mark.slow  # a process for each provider of each run
def test_the_plugin_folder_serves_as_well(stack):
    stack.providers = folders()
    up = stack.program(KARPENTER).engine().up()
    assert up.exit_code == 0, stack.said(up)
    assert stack.engine().destroy().exit_code == 0
