"""Nodes of whatever image EKS has that day.

expect: HERD-016
"""

import pulumi_aws as aws

aws.eks.NodeGroup(
    "cpu",
    cluster_name="main",
    node_role_arn="arn:aws:iam::111122223333:role/nodes",
    instance_types=["m7i.large"],
    subnet_ids=["subnet-0a"],
    scaling_config={"min_size": 0, "max_size": 2, "desired_size": 0},
    tags={"owner": "ml", "release": "r1"},
)
