"""A balancer in front of everything.

expect: HERD-070
"""

import pulumi_aws as aws

aws.lb.LoadBalancer("jupyter", load_balancer_type="application", internal=False, subnets=["subnet-0a", "subnet-0b"])
