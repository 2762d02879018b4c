"""GPU nodes that every pod may land on.

expect: HERD-028 taints
"""

import pulumi_aws as aws

aws.eks.NodeGroup(
    "gpu",
    cluster_name="main",
    node_role_arn="arn:aws:iam::111122223333:role/nodes",
    instance_types=["p4d.24xlarge"],
    ami_type="AL2023_x86_64_NVIDIA",
    release_version="1.33.0-20250704",
    subnet_ids=["subnet-0a"],
    scaling_config={"min_size": 0, "max_size": 2, "desired_size": 0},
    tags={"owner": "ml", "release": "r1"},
)
