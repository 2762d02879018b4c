"""A p5 with one network card wired.

expect: HERD-065 networkInterfaces
"""

import pulumi_aws as aws

aws.ec2.LaunchTemplate(
    "p5",
    image_id="ami-0123456789abcdef0",
    instance_type="p5.48xlarge",
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
