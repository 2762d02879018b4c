"""Every port from everywhere, in two halves.

expect: HERD-006
"""

import pulumi_aws as aws

group = aws.ec2.SecurityGroup("nodes", vpc_id="vpc-0123456789abcdef0")
aws.ec2.SecurityGroupRule(
    "all",
    type="ingress",
    security_group_id=group.id,
    protocol="-1",
    from_port=0,
    to_port=0,
    cidr_blocks=["0.0.0.0/1", "128.0.0.0/1"],
)
