"""An image by its newest parameter.

expect: HERD-015 imageId
"""

import pulumi_aws as aws

aws.ec2.LaunchTemplate(
    "nodes",
    image_id="resolve:ssm:/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/x86_64/nvidia/recommended/image_id",
    instance_type="p5.48xlarge",
)
