"""A pool that always runs, outside prod (and in prod without a word of who pays).

expect: HERD-057
"""

import pulumi_aws as aws

aws.eks.NodeGroup(
    "gpu",
    cluster_name="main",
    node_role_arn="arn:aws:iam::111122223333:role/nodes",
    instance_types=["g5.xlarge"],
    release_version="1.33.0-20250704",
    subnet_ids=["subnet-0a"],
    taints=[{"key": "nvidia.com/gpu", "effect": "NO_SCHEDULE"}],
    scaling_config={"min_size": 2, "max_size": 4, "desired_size": 2},
)
