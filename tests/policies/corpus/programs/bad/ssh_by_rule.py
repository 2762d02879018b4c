"""SSH by a separate rule, over IPv6, in a range.

expect: HERD-005
"""

import pulumi_aws as aws

group = aws.ec2.SecurityGroup("nodes", vpc_id="vpc-0123456789abcdef0")
aws.vpc.SecurityGroupIngressRule(
    "ssh", security_group_id=group.id, ip_protocol="tcp", from_port=20, to_port=25, cidr_ipv6="::/0"
)
