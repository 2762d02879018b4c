"""A control plane that the internet can knock at, and no logs.

expect: HERD-044 vpcConfig
expect: HERD-045
expect: HERD-046
expect: HERD-049
"""

import pulumi_aws as aws

aws.eks.Cluster(
    "main",
    role_arn="arn:aws:iam::111122223333:role/cluster",
    version="1.33",
    vpc_config={"subnet_ids": ["subnet-0a", "subnet-0b"]},
)
