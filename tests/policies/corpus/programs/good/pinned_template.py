"""A template of a pinned image with guarded metadata, an encrypted disk and no key."""

import pulumi_aws as aws

aws.ec2.LaunchTemplate(
    "nodes",
    image_id="ami-0123456789abcdef0",
    instance_type="c7i.4xlarge",
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1, "http_endpoint": "enabled"},
    block_device_mappings=[
        {
            "device_name": "/dev/xvda",
            "ebs": {
                "encrypted": "true",
                "delete_on_termination": "true",
                "kms_key_id": "arn:aws:kms:us-west-2:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555",
            },
        }
    ],
    network_interfaces=[{"device_index": 0, "associate_public_ip_address": "false", "delete_on_termination": "true"}],
    tags={
        "owner": "ml",
        "release": "r1",
        "team": "ml",
        "cost-centre": "1",
        "environment": "prod",
        "data-class": "internal",
    },
)
