"""A group that follows the newest version of its template, by way of a string.

expect: HERD-014 launchTemplate.version
"""

import pulumi_aws as aws

template = aws.ec2.LaunchTemplate(
    "nodes",
    image_id="ami-0123456789abcdef0",
    instance_type="c7i.large",
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
)
aws.autoscaling.Group(
    "nodes",
    min_size=0,
    max_size=4,
    max_instance_lifetime=1209600,
    launch_template={"id": template.id, "version": "$Latest"},
)
