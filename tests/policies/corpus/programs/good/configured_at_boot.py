"""User data that configures and installs nothing."""

import base64

import pulumi_aws as aws

script = """#!/bin/bash
set -eu
# was: yum install -y nvidia-driver (baked into the image now)
echo "pip install is for images" > /etc/motd
mkdir -p /etc/enroot
cat > /etc/enroot/enroot.conf <<'CONF'
ENROOT_RUNTIME_PATH /run/enroot
CONF
systemctl enable --now nvidia-persistenced
"""
aws.ec2.LaunchTemplate(
    "nodes",
    image_id="ami-0123456789abcdef0",
    user_data=base64.b64encode(script.encode()).decode(),
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
    tags={
        "owner": "ml",
        "release": "r1",
        "team": "ml",
        "cost-centre": "1",
        "environment": "prod",
        "data-class": "internal",
    },
)
