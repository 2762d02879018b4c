"""Changes by hand that no plan will ever show.

expect: HERD-025 ignoreChanges
"""

import pulumi
import pulumi_aws as aws

aws.ec2.LaunchTemplate(
    "nodes",
    image_id="ami-0123456789abcdef0",
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
    opts=pulumi.ResourceOptions(ignore_changes=["imageId", "userData"]),
)
