"""Subnets of the zones that a lookup finds, each with public addresses.

expect: HERD-023 mapPublicIpOnLaunch
"""

import pulumi_aws as aws

zones = aws.get_availability_zones(state="available")
for index in range(2):
    aws.ec2.Subnet(
        f"public-{index}",
        vpc_id="vpc-0a",
        cidr_block=f"10.0.{index}.0/24",
        availability_zone=zones.names[index],
        map_public_ip_on_launch=True,
    )
