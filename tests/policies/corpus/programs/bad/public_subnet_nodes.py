"""Nodes with public addresses.

expect: HERD-023 networkInterfaces
"""

import pulumi_aws as aws

aws.ec2.LaunchTemplate(
    "nodes",
    image_id="ami-0123456789abcdef0",
    network_interfaces=[{"device_index": 0, "associate_public_ip_address": "true"}],
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
)
