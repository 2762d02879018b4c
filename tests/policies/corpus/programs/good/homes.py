"""A file system under our key, protected and backed up."""

import pulumi
import pulumi_aws as aws

aws.fsx.OpenZfsFileSystem(
    "homes",
    deployment_type="SINGLE_AZ_2",
    storage_capacity=1024,
    throughput_capacity=160,
    subnet_ids="subnet-0a",
    kms_key_id="arn:aws:kms:us-west-2:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555",
    automatic_backup_retention_days=30,
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
