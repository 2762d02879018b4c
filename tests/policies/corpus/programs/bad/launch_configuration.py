"""A group of the old kind.

expect: HERD-013
"""

import pulumi_aws as aws

configuration = aws.ec2.LaunchConfiguration("old", image_id="ami-0123456789abcdef0", instance_type="m5.large")
aws.autoscaling.Group("old", min_size=0, max_size=4, launch_configuration=configuration.name)
