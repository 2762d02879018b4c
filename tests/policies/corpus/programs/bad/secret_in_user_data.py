"""Access keys in the user data.

expect: HERD-020 userData
"""

import pulumi_aws as aws

aws.ec2.Instance(
    "worker",
    ami="ami-0123456789abcdef0",
    instance_type="c7i.large",
    user_data="#!/bin/sh\nexport AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nexport AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
)
