"""A network that another stack made, and HTTPS from within it."""

import pulumi
import pulumi_aws as aws

network = pulumi.StackReference("acme/network/prod")
group = aws.ec2.SecurityGroup("api", vpc_id=network.require_output("vpc"))
aws.vpc.SecurityGroupIngressRule(
    "https",
    security_group_id=group.id,
    referenced_security_group_id=network.get_output("clients").apply(lambda groups: groups[0]),
    ip_protocol="tcp",
    from_port=443,
    to_port=443,
)
