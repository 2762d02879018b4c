"""A network with a closed default group and flow logs."""

import pulumi_aws as aws

vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16", enable_dns_hostnames=True)
aws.ec2.DefaultSecurityGroup("main", vpc_id=vpc.id, ingress=[], egress=[])
aws.ec2.Subnet("a", vpc_id=vpc.id, cidr_block="10.0.0.0/20", availability_zone="us-west-2a")
aws.ec2.FlowLog(
    "main", vpc_id=vpc.id, traffic_type="ALL", log_destination_type="s3", log_destination="arn:aws:s3:::logs"
)
