"""Instance metadata open to every process that can make a web request.

expect: HERD-018 metadataOptions
expect: HERD-019 metadataOptions
"""

import pulumi_aws as aws

aws.ec2.LaunchTemplate(
    "nodes",
    image_id="ami-0123456789abcdef0",
    metadata_options={"http_endpoint": "enabled", "http_tokens": "optional", "http_put_response_hop_limit": 3},
)
