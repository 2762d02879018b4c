"""What the platform registers: the cluster, its add-ons, Karpenter, the device layer, and the way in."""

import json

import pulumi
import pytest
from pulumi_aws import cloudwatch, ec2, eks, iam, kms, sqs, vpc

from components.base.problems import InvalidInputError
from components.k8s_platform.component import Addons, ControlPlane, DeviceLayer, Karpenter
from components.k8s_platform.facts import ClusterNetwork
from components.k8s_platform.provider import cluster_provider, kubeconfig
from components.k8s_platform.spec import ClusterSpec

RELEASE = "kubernetes:helm.sh/v3:Release"
PROVIDER = "pulumi:providers:kubernetes"
STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
ISSUER = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"
COMPUTED = {
    "aws:eks/cluster:Cluster": {
        "identities": [{"oidcs": [{"issuer": ISSUER}]}],
        "certificateAuthority": {"data": "Q0E="},
        "endpoint": "https://0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com",
        "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/herd-dev-main",
    },
}
NETWORK = ClusterNetwork(
    intra_subnet_ids={f"eu-west-1{zone}": f"subnet-intra-{zone}" for zone in "cab"},
    pod_subnet_ids={f"eu-west-1{zone}": f"subnet-pods-{zone}" for zone in "cab"},
    control_plane_security_group_id="sg-control-plane",
    node_security_group_id="sg-nodes",
)
PULL = '{"Version":"2012-10-17","Statement":[]}'


def stands_for(name, resources):
    """A subnet in the place of what waits for these."""
    return ec2.Subnet(name, vpc_id="vpc-1", opts=pulumi.ResourceOptions(depends_on=list(resources)))


def platform(spec, context, release, pools):
    """The whole of it, as the program registers it; subnets stand for the system pool's nodes and an elastic pool."""
    control = ControlPlane(
        "cluster", spec, context, release=release, network=NETWORK, pull_policy=PULL, log_key_arn="arn:log-key"
    )
    provider = cluster_provider("cluster", control.facts, context)
    nodes = [stands_for("system-nodes", control.facts.before_nodes)]
    opts = pulumi.ResourceOptions(providers=[provider])
    key = "arn:volume-key"
    addons = Addons(
        "addons", spec, context, release=release, cluster=control.facts, volume_key_arn=key, nodes=nodes, opts=opts
    )
    waits = [*nodes, *addons.ready]
    karpenter = Karpenter("karpenter", spec, context, release=release, cluster=control.facts, nodes=waits, opts=opts)
    stands_for("elastic-pool", karpenter.facts.before_elastic)
    images = {"dcgm-exporter": "registry.example/dcgm-exporter@sha256:" + "e" * 64}
    DeviceLayer("devices", spec, context, release=release, pools=pools, images=images, before=addons.ready, opts=opts)


@pytest.fixture(scope="module")
def kept():
    """Recordings by what was asked: many tests look at the same one."""
    return {}


@pytest.fixture
def recorded(kept, record, make_context, make_cluster, make_pools, make_release):
    """`recorded("prod", serviceCidr=..., preview=True)`: everything that is registered."""

    def ask(environment="dev", *, preview=False, **changes):
        key = json.dumps([environment, preview, changes], sort_keys=True)
        if key not in kept:
            spec, context = make_cluster(**changes), make_context(environment)
            kept[key] = record(
                lambda: platform(spec, context, make_release(), make_pools()), preview=preview, computed=COMPUTED
            )
        return kept[key]

    return ask


def test_the_cluster(recorded):
    found = recorded()
    cluster = found.one(eks.Cluster)
    key, role = found.one(kms.Key), found.one(iam.Role, "cluster-control-plane")
    assert cluster.inputs == {
        "name": "herd-dev-main",
        "version": "1.35",
        "roleArn": f"${{{role.urn}.arn}}",
        "vpcConfig": {
            "subnetIds": ["subnet-intra-a", "subnet-intra-b", "subnet-intra-c"],
            "securityGroupIds": ["sg-control-plane"],
            "endpointPrivateAccess": True,
            "endpointPublicAccess": False,
        },
        "kubernetesNetworkConfig": {"ipFamily": "ipv4", "serviceIpv4Cidr": "172.20.0.0/16"},
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "bootstrapSelfManagedAddons": False,
        "encryptionConfig": {"provider": {"keyArn": f"${{{key.urn}.arn}}"}, "resources": ["secrets"]},
        "enabledClusterLogTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
        "upgradePolicy": {"supportType": "STANDARD"},
        "zonalShiftConfig": {"enabled": True},
        "deletionProtection": False,
    }


def test_logs_have_a_home_with_an_end_before_the_first_is_written(recorded):
    found = recorded(logRetentionDays=30)
    group = found.one(cloudwatch.LogGroup)
    assert group.inputs == {
        "name": "/aws/eks/herd-dev-main/cluster",
        "retentionInDays": 30,
        "kmsKeyId": "arn:log-key",
    }
    rights = found.one(iam.RolePolicyAttachment, "cluster-control-plane")
    assert {group.urn, rights.urn} <= set(found.one(eks.Cluster).dependencies)


@pytest.mark.parametrize(("environment", "durable"), [("dev", None), ("prod", True)])
def test_what_must_not_be_lost_is_protected_in_prod_alone(recorded, environment, durable):
    found = recorded(environment)
    for token in (eks.Cluster, kms.Key, cloudwatch.LogGroup):
        options = found.one(token).options
        assert (options.get("protect"), options.get("retainOnDelete")) == (durable, durable)
    assert found.one(eks.Cluster).inputs["deletionProtection"] is bool(durable)
    others = [
        r
        for r in found
        if r.custom and r.type not in {t.pulumi_type for t in (eks.Cluster, kms.Key, cloudwatch.LogGroup)}
    ]
    assert not [r.name for r in others if r.options.get("protect")]


def test_no_cluster_goes_before_its_successor_is_there(recorded):
    """The provider would delete first whatever has a fixed name: only an explicit no keeps it from that."""
    found = recorded()
    for kept in (found.one(eks.Cluster), found.one(cloudwatch.LogGroup)):
        assert kept.options["deleteBeforeReplaceDefined"]
        assert "deleteBeforeReplace" not in kept.options


def test_who_is_let_in(recorded):
    role = "arn:aws:iam::111122223333:role/"
    access = {
        "deployer": {"principal": f"{role}deployer", "policy": "cluster-admin"},
        "team": {"principal": f"{role}team", "policy": "edit", "namespaces": ["team"]},
    }
    found = recorded(access=access)
    entries = {e.name: (e.inputs["principalArn"], e.inputs["type"]) for e in found.of(eks.AccessEntry)}
    nodes = found.one(iam.Role, "cluster-nodes")
    assert entries == {
        "cluster-deployer": (f"{role}deployer", "STANDARD"),
        "cluster-team": (f"{role}team", "STANDARD"),
        "cluster-nodes": (f"${{{nodes.urn}.arn}}", "EC2_LINUX"),
    }
    scopes = {a.name: a.inputs["accessScope"] for a in found.of(eks.AccessPolicyAssociation)}
    assert scopes == {
        "cluster-deployer": {"type": "cluster"},
        "cluster-team": {"type": "namespace", "namespaces": ["team"]},
    }
    first = {a.name: a.options.get("deleteBeforeReplace") for a in found.of(eks.AccessPolicyAssociation)}
    assert first == {"cluster-deployer": None, "cluster-team": True}


def test_nodes_pull_describe_and_are_reached_by_session_manager_and_no_more(recorded):
    found = recorded()
    attached = {
        a.inputs["policyArn"].rpartition("/")[2]
        for a in found.of(iam.RolePolicyAttachment)
        if a.name.startswith("cluster-nodes")
    }
    assert attached == {
        "AmazonEKSWorkerNodePolicy",
        "AmazonSSMManagedInstanceCore",
        "AmazonEC2ContainerRegistryPullOnly",
    }
    assert found.one(iam.RolePolicy, "cluster-nodes-registry").inputs["policy"] == PULL
    assert found.one(iam.InstanceProfile).inputs == {"role": f"${{{found.one(iam.Role, 'cluster-nodes').urn}.name}}"}


def test_addons_have_the_versions_of_the_lock(recorded, make_release):
    found = recorded()
    assert {a.inputs["addonName"]: a.inputs["addonVersion"] for a in found.of(eks.Addon)} == make_release().addons
    assert {a.inputs[f"resolveConflictsOn{when}"] for a in found.of(eks.Addon) for when in ("Create", "Update")} == {
        "OVERWRITE"
    }


def test_nodes_find_their_network_and_their_rights_when_they_start(recorded):
    found = recorded()
    waits = set(found.one(ec2.Subnet, "system-nodes").dependencies)
    first = {f"cluster-{name}" for name in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")}
    assert {r.urn for r in found if r.name in first} <= waits
    assert found.one(eks.AccessEntry, "cluster-nodes").urn in waits
    assert {r.urn for r in found.of(iam.RolePolicyAttachment) if r.name.startswith("cluster-nodes")} <= waits
    values = json.loads(found.one(eks.Addon, "cluster-vpc-cni").inputs["configurationValues"])
    assert values["eniConfig"]["subnets"]["eu-west-1b"] == {"id": "subnet-pods-b", "securityGroups": ["sg-nodes"]}


def test_what_needs_nodes_waits_for_them(recorded):
    found = recorded()
    nodes = found.one(ec2.Subnet, "system-nodes").urn
    late = [a for a in found.of(eks.Addon) if a.name.startswith("addons-")]
    assert len(late) == 4
    assert all(nodes in r.dependencies for r in (*late, *found.of(RELEASE)) if not r.name.startswith("devices"))
    names = found.one(eks.Addon, "addons-coredns").urn
    assert all(names in r.dependencies for r in found.of(RELEASE))


def test_every_identity_is_of_one_service_account(recorded):
    found = recorded()
    pairs = {}
    for association in found.of(eks.PodIdentityAssociation):
        role = next(r for r in found.of(iam.Role) if association.inputs["roleArn"] == f"${{{r.urn}.arn}}")
        (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        tags = statement["Condition"]["StringEquals"]
        account = tags["aws:RequestTag/kubernetes-service-account"]
        assert association.inputs["serviceAccount"] == account
        assert tags["aws:RequestTag/kubernetes-namespace"] == association.inputs["namespace"] == "kube-system"
        assert role.options["replaceOnChanges"] == ["assumeRolePolicy"]
        pairs[association.name] = account
    assert pairs == {
        "cluster-cni": "aws-node",
        "addons-ebs-csi": "ebs-csi-controller-sa",
        "karpenter-controller": "karpenter",
    }


def test_identities_are_there_before_the_pods_that_read_them(recorded):
    found = recorded()
    for pods, identity in (
        ("cluster-vpc-cni", "cluster-cni"),
        ("addons-aws-ebs-csi-driver", "addons-ebs-csi"),
        ("karpenter", "karpenter-controller"),
    ):
        registered = next(
            r for r in found if r.name == pods and r.custom and r.type in (RELEASE, eks.Addon.pulumi_type)
        )
        rights = [r for r in found if r.name.startswith(f"{identity}-") and r.type.startswith("aws:iam/rolePolicy")]
        assert rights
        there = {found.one(eks.PodIdentityAssociation, identity).urn, *(r.urn for r in rights)}
        assert there <= set(registered.dependencies)


def test_the_ebs_driver_works_on_its_own_volumes_with_the_volumes_key(recorded):
    found = recorded()
    managed = found.one(iam.RolePolicyAttachment, "addons-ebs-csi-AmazonEBSCSIDriverPolicyV2")
    assert managed.options["deleteBeforeReplaceDefined"]
    assert "deleteBeforeReplace" not in managed.options
    assert managed.inputs["policyArn"] == "arn:aws:iam::aws:policy/AmazonEBSCSIDriverPolicyV2"
    statements = json.loads(found.one(iam.RolePolicy, "addons-ebs-csi-key").inputs["policy"])["Statement"]
    assert [s["Resource"] for s in statements] == ["arn:volume-key", "arn:volume-key"]


def test_a_claim_without_a_class_gets_a_volume_under_the_stacks_key(recorded):
    found = recorded("prod")
    made = found.one(STORAGE_CLASS)
    assert made.inputs == {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "gp3",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "gp3", "encrypted": "true", "kmsKeyId": "arn:volume-key"},
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
        "reclaimPolicy": "Delete",
    }
    assert found.one(eks.Addon, "addons-aws-ebs-csi-driver").urn in made.dependencies
    assert all(made.urn in r.dependencies for r in found.of(RELEASE) if r.name.startswith("devices"))


def test_the_issuer_is_known_to_iam(recorded):
    provider = recorded().one(iam.OpenIdConnectProvider)
    assert provider.inputs == {"url": ISSUER, "clientIdLists": ["sts.amazonaws.com"]}


def test_notices_reach_the_queue(recorded):
    found = recorded()
    queue = found.one(sqs.Queue)
    assert queue.inputs == {"messageRetentionSeconds": 300, "sqsManagedSseEnabled": True}
    rules = {r.name: r for r in found.of(cloudwatch.EventRule)}
    assert len(rules) == 5
    targets = found.of(cloudwatch.EventTarget)
    assert {t.inputs["rule"] for t in targets} == {f"${{{r.urn}.name}}" for r in rules.values()}
    assert {t.inputs["arn"] for t in targets} == {f"${{{queue.urn}.arn}}"}
    allow, deny = json.loads(found.one(sqs.QueuePolicy).inputs["policy"])["Statement"]
    assert set(allow["Condition"]["ArnEquals"]["aws:SourceArn"]) == {f"${{{r.urn}.arn}}" for r in rules.values()}
    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")


def test_karpenter_passes_the_node_role_alone(recorded):
    found = recorded()
    (passing, _) = json.loads(found.one(iam.RolePolicy, "karpenter-controller-identity").inputs["policy"])["Statement"]
    assert (passing["Action"], passing["Resource"]) == (
        "iam:PassRole",
        f"${{{found.one(iam.Role, 'cluster-nodes').urn}.arn}}",
    )


def test_charts_are_pinned_and_start_clean(recorded, make_release):
    charts = {r.name: r for r in recorded().of(RELEASE)}
    assert set(charts) == {
        "karpenter-crd",
        "karpenter",
        "devices-nvidia-device-plugin",
        "devices-aws-efa-k8s-device-plugin",
        "devices-dcgm-exporter",
    }
    karpenter, efa = charts["karpenter"].inputs, charts["devices-aws-efa-k8s-device-plugin"].inputs
    digest = make_release().charts["karpenter"].partition("@")[2]
    assert karpenter["chart"] == f"oci://public.ecr.aws/karpenter/karpenter@{digest}"
    assert (karpenter["version"], karpenter["name"], karpenter["namespace"]) == ("1.14.1", "karpenter", "kube-system")
    assert "repositoryOpts" not in karpenter
    assert karpenter["skipCrds"] is True
    assert "skipCrds" not in charts["karpenter-crd"].inputs
    assert (efa["chart"], efa["version"]) == ("aws-efa-k8s-device-plugin", "v0.5.30")
    assert efa["repositoryOpts"] == {"repo": "https://aws.github.io/eks-charts"}
    assert all(c.inputs["description"] == digest and c.inputs["atomic"] for c in charts.values())
    assert charts["karpenter-crd"].urn in charts["karpenter"].dependencies


def test_elastic_pools_wait_for_karpenter_and_its_definitions(recorded):
    found = recorded()
    waits = set(found.one(ec2.Subnet, "elastic-pool").dependencies)
    assert {r.urn for r in found.of(RELEASE) if r.name.startswith("karpenter")} <= waits


def test_karpenter_knows_of_the_pods_own_subnets(recorded):
    values = next(r for r in recorded().of(RELEASE) if r.name == "karpenter").inputs["values"]
    assert values["settings"]["reservedENIs"] == "1"


def test_images_of_the_stacks_registry_are_used(recorded):
    values = next(r for r in recorded().of(RELEASE) if r.name == "devices-dcgm-exporter").inputs["values"]
    assert values["image"] == {"repository": "registry.example/dcgm-exporter@sha256", "tag": "e" * 64}


def test_what_is_inside_goes_through_the_clusters_own_provider(recorded):
    found = recorded()
    provider = found.one(PROVIDER)
    inside = [*found.of(RELEASE), found.one(STORAGE_CLASS)]
    assert all(r.options["provider"].startswith(provider.urn) for r in inside)


def test_who_deploys_is_let_in_first_and_out_last(recorded):
    found = recorded()
    assert found.one(eks.AccessPolicyAssociation, "cluster-deployer").urn in found.one(PROVIDER).dependencies


def test_who_is_named_reaches_the_api_server_inside_before_anything_is_asked_of_it(recorded):
    """Nodes reach it by the network's own rules; without this one `pulumi up` would wait for an answer for ever."""
    found = recorded(endpoint={"kind": "private", "inside": {"runners": "10.0.64.0/20", "vpn": "100.64.0.0/22"}})
    rules = {rule.name: rule for rule in found.of(vpc.SecurityGroupIngressRule)}
    assert {name: rule.inputs["cidrIpv4"] for name, rule in rules.items()} == {
        "cluster-from-runners": "10.0.64.0/20",
        "cluster-from-vpn": "100.64.0.0/22",
    }
    for rule in rules.values():
        said = [rule.inputs[name] for name in ("securityGroupId", "ipProtocol", "fromPort", "toPort")]
        assert said == ["sg-control-plane", "tcp", 443, 443]
        assert rule.urn in found.one(PROVIDER).dependencies
    assert not recorded().of(vpc.SecurityGroupIngressRule)


def test_the_way_in_holds_no_secret_and_stays_the_same(recorded):
    provider = recorded().one(PROVIDER)
    config = json.loads(provider.inputs["kubeconfig"])
    assert config == kubeconfig("herd-dev-main", COMPUTED["aws:eks/cluster:Cluster"]["endpoint"], "Q0E=", "eu-west-1")
    command = config["users"][0]["user"]["exec"]
    assert [command["command"], *command["args"]] == [
        "aws",
        "eks",
        "get-token",
        "--cluster-name",
        "herd-dev-main",
        "--region",
        "eu-west-1",
        "--output",
        "json",
    ]
    assert provider.inputs["clusterIdentifier"] == COMPUTED["aws:eks/cluster:Cluster"]["arn"]
    assert provider.inputs["enableServerSideApply"] == "true"


def test_a_preview_registers_the_same(recorded):
    assert recorded(preview=True).identities == recorded().identities


@pytest.mark.parametrize("part", ["vpc-cni", "coredns", "karpenter", "dcgm-exporter", "kubernetes"])
def test_a_release_without_a_part_is_refused_before_anything_is_made(
    record, make_context, make_cluster, make_pools, make_release, part
):
    whole = make_release()
    lacking = make_release(
        addons={name: version for name, version in whole.addons.items() if name != part},
        charts={name: pinned for name, pinned in whole.charts.items() if name != part},
        kubernetes=None if part == "kubernetes" else "1.35",
    )
    with pytest.raises(InvalidInputError, match=part):
        record(lambda: platform(make_cluster(), make_context(), lacking, make_pools()), computed=COMPUTED)


CHANGES = {
    "name": "other",
    "access": {"boss": {"principal": "arn:aws:iam::111122223333:role/boss", "policy": "cluster-admin"}},
    "serviceCidr": "172.21.0.0/16",
    "systemPool": "base",
    "logRetentionDays": 30,
    "keyDeletionDays": 7,
    "endpoint": {"kind": "public", "cidrs": {"office": "198.51.100.0/24"}},
}
NESTED = {
    "endpoint.kind": {"endpoint": CHANGES["endpoint"]},
    "endpoint.cidrs": {"endpoint": {"kind": "public", "cidrs": {"home": "198.51.101.0/24"}}},
    "endpoint.inside": {"endpoint": {"kind": "private", "inside": {"runners": "10.0.64.0/20"}}},
    "access.principal": {
        "access": {"deployer": {"principal": "arn:aws:iam::111122223333:role/b", "policy": "cluster-admin"}}
    },
    "access.policy": {
        "access": {**CHANGES["access"], "b": {"principal": "arn:aws:iam::111122223333:role/b", "policy": "view"}}
    },
    "access.namespaces": {
        "access": {
            **CHANGES["access"],
            "b": {"principal": "arn:aws:iam::111122223333:role/b", "policy": "view", "namespaces": ["a"]},
        }
    },
}


def test_every_field_changes_what_aws_or_the_cluster_is_asked_for(recorded, effects, spec_fields):
    """Each field alone; those of a person's access and of the public endpoint against their neighbours."""
    fields = {field: {field: value} for field, value in CHANGES.items() if field not in ("access", "endpoint")} | NESTED
    assert set(fields) == spec_fields(ClusterSpec)
    seen = [effects(recorded())]
    for field, changes in fields.items():
        effect = effects(recorded(**changes))
        assert effect not in seen, field
        seen.append(effect)
