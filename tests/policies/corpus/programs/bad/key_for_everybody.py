"""A key that every account may use.

expect: HERD-059 policy.Statement[0].Principal
"""

import pulumi
import pulumi_aws as aws

aws.kms.Key(
    "data",
    enable_key_rotation=True,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}],
        }
    ),
)
