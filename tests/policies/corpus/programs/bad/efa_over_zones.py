"""An EFA pool over three zones.

expect: HERD-031 subnetIds
"""

import pulumi_aws as aws

template = aws.ec2.LaunchTemplate(
    "g6e",
    image_id="ami-0123456789abcdef0",
    instance_type="g6e.8xlarge",
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
    network_interfaces=[
        {
            "device_index": 0,
            "network_card_index": 0,
            "interface_type": "efa",
            "associate_public_ip_address": "false",
            "delete_on_termination": "true",
        }
    ],
)
aws.eks.NodeGroup(
    "g6e",
    cluster_name="main",
    node_role_arn="arn:aws:iam::111122223333:role/nodes",
    subnet_ids=["subnet-0a", "subnet-0b", "subnet-0c"],
    scaling_config={"min_size": 0, "max_size": 4, "desired_size": 0},
    taints=[{"key": "nvidia.com/gpu", "effect": "NO_SCHEDULE"}],
    launch_template={"id": template.id, "version": template.latest_version.apply(str)},
)
