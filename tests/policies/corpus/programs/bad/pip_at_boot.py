"""Packages installed at first boot, and a script piped into a shell.

expect: HERD-061 userData
expect: HERD-021 userData
"""

import base64

import pulumi_aws as aws

script = """#!/bin/bash
yum update -y
pip3 install torch transformers
curl -fsSL https://raw.githubusercontent.com/example/setup/main/bootstrap.sh | bash
"""
aws.ec2.LaunchTemplate(
    "nodes",
    image_id="ami-0123456789abcdef0",
    user_data=base64.b64encode(script.encode()).decode(),
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
)
