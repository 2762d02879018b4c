"""A table that nobody deletes by mistake."""

import pulumi
import pulumi_aws as aws

aws.dynamodb.Table(
    "locks",
    attributes=[{"name": "id", "type": "S"}],
    hash_key="id",
    billing_mode="PAY_PER_REQUEST",
    deletion_protection_enabled=True,
    point_in_time_recovery={"enabled": True},
    server_side_encryption={
        "enabled": True,
        "kms_key_arn": "arn:aws:kms:us-west-2:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555",
    },
    tags={
        "owner": "ml",
        "release": "r1",
        "team": "ml",
        "cost-centre": "1",
        "environment": "prod",
        "data-class": "internal",
    },
    opts=pulumi.ResourceOptions(protect=True),
)
