"""An EFA group: everything to and from itself."""

import pulumi_aws as aws

efa = aws.ec2.SecurityGroup("efa", vpc_id="vpc-0123456789abcdef0")
aws.vpc.SecurityGroupIngressRule("in", security_group_id=efa.id, referenced_security_group_id=efa.id, ip_protocol="-1")
aws.vpc.SecurityGroupEgressRule("out", security_group_id=efa.id, referenced_security_group_id=efa.id, ip_protocol="-1")
