"""Private subnets in the first three zones."""

import pulumi_aws as aws

zones = aws.get_availability_zones(state="available")
for index, zone in enumerate(zones.names[:3]):
    aws.ec2.Subnet(f"private-{index}", vpc_id="vpc-0a", cidr_block=f"10.0.{index}.0/24", availability_zone=zone)
