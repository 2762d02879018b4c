"""SSH without an address: a door into the network all the same.

expect: HERD-064
"""

import pulumi_aws as aws

aws.ec2transitgateway.InstanceConnectEndpoint("door", subnet_id="subnet-0a")
