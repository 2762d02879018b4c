"""A database that one mistake deletes.

expect: HERD-054
"""

import pulumi_aws as aws

aws.rds.Instance(
    "accounting",
    engine="mysql",
    engine_version="8.0.40",
    instance_class="db.t4g.medium",
    allocated_storage=50,
    username="slurm",
    manage_master_user_password=True,
    storage_encrypted=True,
    kms_key_id="arn:aws:kms:us-west-2:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555",
    backup_retention_period=7,
    skip_final_snapshot=True,
)
