"""What an interrupted run left in a cluster: no audit lists it, so the cluster is asked for it by name."""

import json
from pathlib import Path

import pytest

from herd.cloud.server import CloudServer
from herd.engine import Backend
from herd.recover.match import Pending, chosen_id
from herd.recover.run import recover

ROOT = Path(__file__).parents[2]
ACCOUNT, REGION = "111122223333", "us-east-2"
STACK = "urn:pulumi:dev::herd::pulumi:pulumi:Stack::herd-dev"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "eks.amazonaws.com"}}],
}
LIGHT = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false", "MOTO_IAM_LOAD_MANAGED_POLICIES": "false"}


@pytest.fixture
def kubeconfig(monkeypatch):
    """A cluster's, in a cloud that the environment leads to."""
    for name, value in LIGHT.items():
        monkeypatch.setenv(name, value)
    with CloudServer(accounts=(ACCOUNT,)) as cloud:
        ec2, iam, eks = (cloud.client(each, ACCOUNT, REGION) for each in ("ec2", "iam", "eks"))
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
            for n, zone in enumerate("ab")
        ]
        role = iam.create_role(RoleName="control-plane", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        found = eks.create_cluster(
            name="one", roleArn=role, resourcesVpcConfig={"subnetIds": [each["SubnetId"] for each in subnets]}
        )["cluster"]
        for name, value in cloud.environment(ACCOUNT, REGION).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HERD_PROVIDER_PATIENCE", "0.2")
        # The audit of the account takes seconds, and lists nothing of what is asked for here.
        monkeypatch.setattr("herd.recover.run._objects", lambda _settings: [])
        words = ["--region", REGION, "eks", "get-token", "--cluster-name", "one"]
        command = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "aws", "args": words}
        yield json.dumps(
            {
                "current-context": "it",
                "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
                "clusters": [{"name": "it", "cluster": {"server": found["endpoint"]}}],
                "users": [{"name": "it", "user": {"exec": command}}],
            }
        )


def provider(name, config):
    urn = f"urn:pulumi:dev::herd::pulumi:providers:kubernetes::{name}"
    inputs = {"kubeconfig": config, "version": "4.34.2"}
    row = {"urn": urn, "custom": True, "id": f"id-{name}", "type": "pulumi:providers:kubernetes", "parent": STACK}
    return {**row, "inputs": inputs, "outputs": inputs}


def creating(name, through="there"):
    kind = "kubernetes:core/v1:Namespace"
    resource = {
        "urn": f"urn:pulumi:dev::herd::{kind}::{name}",
        "custom": True,
        "type": kind,
        "inputs": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
        "parent": STACK,
        "provider": f"{provider(through, '')['urn']}::id-{through}",
    }
    return {"type": "creating", "resource": resource}


def test_a_cluster_is_asked_for_what_was_being_made_in_it(kubeconfig, tmp_path, capsys):
    """kube-public is there, so it is adopted; one never came; of the third nobody can say, so it stays named."""
    lost = kubeconfig.replace('"server": "https://', '"server": "https://lost')
    rows = [creating("kube-public"), creating("never-came"), creating("unclear", "lost")]
    resources = [{"urn": STACK, "type": "pulumi:pulumi:Stack"}, provider("there", kubeconfig), provider("lost", lost)]
    backend = Backend(tmp_path, "herd", "dev", "rehearsal")
    backend.import_deployment({"version": 3, "deployment": {"resources": resources, "pending_operations": rows}})

    options = {"adopt": True, "delete": False, "passphrase": "rehearsal"}
    assert recover(ROOT, "dev", state=tmp_path, as_json=True, **options) == 1
    said = json.loads(capsys.readouterr().out)

    assert said == {
        "orphans": [],
        "interrupted": [{"operation": "creating", "urn": creating("unclear")["resource"]["urn"]}],
    }
    found = {r["urn"].rpartition("::")[2]: r for r in backend.export_deployment()["deployment"]["resources"]}
    assert "never-came" not in found
    assert found["kube-public"]["id"] == "kube-public"
    assert found["kube-public"]["outputs"]["metadata"]["uid"]


@pytest.mark.parametrize(
    ("kind", "inputs", "id_"),
    [
        ("kubernetes:core/v1:ConfigMap", {"metadata": {"name": "a", "namespace": "b"}}, "b/a"),
        ("kubernetes:karpenter.sh/v1:NodePool", {"metadata": {"name": "a"}}, "a"),
        ("kubernetes:helm.sh/v3:Release", {"name": "a", "namespace": "b"}, "b/a"),
        ("kubernetes:core/v1:ConfigMap", {}, ""),
        ("aws:iam/role:Role", {"name": "a"}, ""),
    ],
)
def test_the_program_chooses_the_ids_of_kubernetes_objects(kind, inputs, id_):
    assert chosen_id(Pending("creating", {"urn": "u", "type": kind, "inputs": inputs})) == id_


def test_with_an_export_the_cluster_is_asked_by_a_person(kubeconfig, tmp_path, capsys):
    export = tmp_path / "state.json"
    export.write_text(json.dumps({"deployment": {"resources": [], "pending_operations": [creating("team")]}}))
    options = {"adopt": False, "delete": False, "passphrase": "", "as_json": False}
    assert recover(ROOT, "dev", state=export, **options) == 1
    said = capsys.readouterr().out
    assert "ask the cluster whether it holds the Namespace team" in said
    assert "--import-pending-creates 'team'" in said
