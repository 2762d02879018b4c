"""Which types and properties exist, by the sources of the installed SDKs."""

import pytest

from policies.engine.schema import exists, has, unknown


@pytest.mark.parametrize(
    "name",
    [
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:lambda/function:Function",
        "aws:s3/bucketV2:BucketV2",
        "aws:alb/loadBalancer:LoadBalancer",
        "kubernetes:core/v1:Pod",
        "kubernetes:networking.k8s.io/v1:Ingress",
        "kubernetes:apps/v1beta2:Deployment",
        "kubernetes:karpenter.sh/v1:NodePool",
        "parallelcluster:index:Cluster",
        "command:remote:Command",
        "herd:gpu_cluster:GpuNodePool",
    ],
)
def test_types_that_exist(name):
    assert exists(name)


@pytest.mark.parametrize(
    "name",
    [
        "aws:ec2/launchTemplate:LaunchTemplates",
        "aws:ec2/launchtemplate:LaunchTemplate",
        "aws:ec2/securityGroupIngressRule:SecurityGroupIngressRule",
        "kubernetes:core/v1:Pods",
        "kubernetes:apps/v2:Deployment",
        "kubernetes:karpenter.sh/v2:NodePool",
        "parallelcluster:index:Clusters",
        "herd:gpu_cluster:GpuNodePools",
        "ec2.Instance",
    ],
)
def test_types_that_do_not(name):
    assert not exists(name)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "cidr": "10.0.0.0/16"}, ["cidr"]),
        ("aws:s3/bucket:Bucket", {"versioning": {"enable": True}}, ["versioning.enable"]),
        ("aws:ec2/vpc:Vpc", {"tags": {"of": "one's own choice"}}, []),
        ("aws:ecr/repositoryPolicy:RepositoryPolicy", {"policy": {"Statement": []}}, []),
        (
            "kubernetes:apps/v1:Deployment",
            {"spec": {"template": {"spec": {"containers": [{"image": "a", "immage": "b"}]}}}},
            ["spec.template.spec.containers.immage"],
        ),
        ("kubernetes:karpenter.sh/v1:NodePool", {"spec": {"any": "thing"}, "sepc": {}}, ["sepc"]),
        (
            "parallelcluster:index:Cluster",
            {"HeadNode": {"Ssh": {"KeyName": "a", "Key": "b"}}, "Headnode": {}},
            ["HeadNode.Ssh.Key", "Headnode"],
        ),
    ],
)
def test_properties_that_do_not_exist_are_told_with_their_path(name, values, expected):
    assert list(unknown(name, values)) == expected


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("aws:autoscaling/group:Group", "launchTemplate.version", True),
        ("aws:autoscaling/group:Group", "launchTemplate.versions", False),
        ("aws:ec2/launchTemplate:LaunchTemplate", "blockDeviceMappings[].ebs.encrypted", True),
        ("kubernetes:core/v1:Namespace", 'metadata.labels["pod-security.kubernetes.io/enforce"]', True),
        ("parallelcluster:index:Cluster", "LoginNodes.Pools[].Ssh.KeyName", True),
        ("parallelcluster:index:Cluster", "RootVolume.Encrypted", True),
        ("parallelcluster:index:Cluster", "RootVolume.Encripted", False),
        ("command:remote:Command", "create", False),
    ],
)
def test_whether_a_type_is_known_to_have_a_property(name, path, expected):
    assert has(name, path) is expected
