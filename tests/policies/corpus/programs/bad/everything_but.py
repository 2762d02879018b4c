"""A policy as a map that allows everything but one service.

expect: HERD-059 policy.Statement[0].NotAction
"""

import pulumi_aws as aws

aws.iam.Policy(
    "power",
    policy={
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "NotAction": ["organizations:*"], "Resource": ["*"]}],
    },
)
