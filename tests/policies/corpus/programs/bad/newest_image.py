"""An image that is another one tomorrow: the newest that a search finds.

expect: HERD-015 imageId
"""

import pulumi_aws as aws

image = aws.ec2.get_ami_output(
    most_recent=True, owners=["amazon"], filters=[{"name": "name", "values": ["al2023-ami-*"]}]
)
aws.ec2.LaunchTemplate(
    "nodes",
    image_id=image.id,
    instance_type="g6.xlarge",
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
)
