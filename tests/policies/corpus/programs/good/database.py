"""A database with a password that nobody sees."""

import pulumi
import pulumi_aws as aws

TAGS = {
    "owner": "ml",
    "release": "r1",
    "team": "ml",
    "cost-centre": "1",
    "environment": "prod",
    "data-class": "internal",
}

aws.rds.Instance(
    "accounting",
    engine="mysql",
    instance_class="db.m7g.large",
    allocated_storage=100,
    storage_encrypted=True,
    kms_key_id="arn:aws:kms:us-west-2:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555",
    username="slurm",
    manage_master_user_password=True,
    backup_retention_period=14,
    deletion_protection=True,
    final_snapshot_identifier="accounting-final",
    publicly_accessible=False,
    tags=TAGS,
    opts=pulumi.ResourceOptions(protect=True),
)
