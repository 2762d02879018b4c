"""Logs for a year."""

import pulumi_aws as aws

aws.cloudwatch.LogGroup(
    "training",
    retention_in_days=365,
    kms_key_id="arn:aws:kms:us-west-2:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555",
)
