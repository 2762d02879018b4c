"""A user with keys.

expect: HERD-008
"""

import pulumi_aws as aws

user = aws.iam.User("ci")
aws.iam.AccessKey("ci", user=user.name)
