"""A role that may do everything.

expect: HERD-059
"""

import json

import pulumi_aws as aws

role = aws.iam.Role(
    "ci",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    ),
)
aws.iam.RolePolicyAttachment("ci", role=role.name, policy_arn="arn:aws:iam::aws:policy/AdministratorAccess")
