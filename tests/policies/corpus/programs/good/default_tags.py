"""Tags and tokens that the provider and a transformation give to everything."""

from typing import Any

import pulumi
import pulumi_aws as aws

TAGS = {
    "owner": "ml",
    "release": "r1",
    "team": "ml",
    "cost-centre": "1",
    "environment": "prod",
    "data-class": "internal",
}


def guarded(given: pulumi.ResourceTransformationArgs) -> Any:
    if given.type_ != "aws:ec2/launchTemplate:LaunchTemplate":
        return None
    guard = {"http_tokens": "required", "http_put_response_hop_limit": 1}
    return pulumi.ResourceTransformationResult({**given.props, "metadata_options": guard}, given.opts)


pulumi.runtime.register_stack_transformation(guarded)
provider = aws.Provider("aws", region="us-west-2", default_tags=aws.ProviderDefaultTagsArgs(tags=TAGS))
aws.ec2.LaunchTemplate(
    "workers",
    image_id="ami-0123456789abcdef0",
    block_device_mappings=[{"device_name": "/dev/xvda", "ebs": {"encrypted": "true", "delete_on_termination": "true"}}],
    tag_specifications=[{"resource_type": kind, "tags": TAGS} for kind in ("instance", "volume")],
    opts=pulumi.ResourceOptions(provider=provider),
)
