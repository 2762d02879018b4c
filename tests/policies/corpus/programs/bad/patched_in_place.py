"""Patches that come to running hosts every night.

expect: HERD-012 name
"""

import pulumi_aws as aws

aws.ssm.Association(
    "patches",
    name="AWS-RunPatchBaseline",
    schedule_expression="cron(0 3 * * ? *)",
    targets=[{"key": "tag:pool", "values": ["gpu"]}],
)
