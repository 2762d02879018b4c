"""A control plane that only the network sees."""

import pulumi
import pulumi_aws as aws

cluster = aws.eks.Cluster(
    "prod",
    role_arn="arn:aws:iam::111122223333:role/control-plane",
    version="1.33",
    vpc_config=aws.eks.ClusterVpcConfigArgs(
        subnet_ids=["subnet-0a", "subnet-0b"], endpoint_private_access=True, endpoint_public_access=False
    ),
    access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
    encryption_config={
        "resources": ["secrets"],
        "provider": {"key_arn": "arn:aws:kms:us-west-2:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555"},
    },
    enabled_cluster_log_types=["api", "audit", "authenticator", "controllerManager", "scheduler"],
    deletion_protection=True,
    opts=pulumi.ResourceOptions(protect=True),
)
aws.eks.PodIdentityAssociation(
    "trainer",
    cluster_name=cluster.name,
    namespace="ml",
    service_account="trainer",
    role_arn="arn:aws:iam::111122223333:role/trainer",
)
