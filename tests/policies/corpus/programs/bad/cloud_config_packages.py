"""Packages by cloud-config.

expect: HERD-061 userData
"""

import pulumi_aws as aws

aws.ec2.LaunchConfiguration(
    "nodes",
    image_id="ami-0123456789abcdef0",
    instance_type="c7i.large",
    user_data="#cloud-config\npackage_update: true\npackages:\n  - docker.io\n  - nvidia-driver-550\n",
)
