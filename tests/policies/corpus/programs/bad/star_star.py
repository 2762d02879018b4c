"""A policy that allows everything on everything.

expect: HERD-059 policy
"""

import json

import pulumi_aws as aws

aws.iam.Policy(
    "all",
    policy=json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["*"], "Resource": "*"}}),
)
