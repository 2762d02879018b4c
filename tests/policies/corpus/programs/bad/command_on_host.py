"""A command over SSH after every deployment.

expect: HERD-010
"""

import pulumi_aws as aws

instance = aws.ec2.Instance(
    "head",
    ami="ami-0123456789abcdef0",
    instance_type="c7i.large",
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
)
aws.ec2.Eip("head", instance=instance.id, domain="vpc")
