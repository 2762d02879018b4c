"""A node group that people log in to.

expect: HERD-003 remoteAccess
"""

import pulumi_aws as aws

aws.eks.NodeGroup(
    "nodes",
    cluster_name="main",
    node_role_arn="arn:aws:iam::111122223333:role/nodes",
    subnet_ids=["subnet-0a"],
    release_version="1.33.0-20250704",
    scaling_config={"min_size": 0, "max_size": 4, "desired_size": 0},
    remote_access={"ec2_ssh_key": "ops"},
)
