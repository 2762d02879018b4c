"""A balancer inside."""

import pulumi_aws as aws

aws.lb.LoadBalancer("jupyter", load_balancer_type="network", internal=True, subnets=["subnet-0a", "subnet-0b"])
