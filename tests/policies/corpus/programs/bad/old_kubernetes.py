"""A Kubernetes that nobody supports.

expect: HERD-047 version
"""

import pulumi_aws as aws

aws.eks.Cluster(
    "main",
    role_arn="arn:aws:iam::111122223333:role/cluster",
    version="1.24",
    vpc_config={"subnet_ids": ["subnet-0a"], "endpoint_public_access": False, "endpoint_private_access": True},
)
