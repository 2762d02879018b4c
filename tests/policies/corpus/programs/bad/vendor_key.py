"""A file system under AWS's own key.

expect: HERD-051 kmsKeyId
"""

import pulumi_aws as aws

aws.fsx.LustreFileSystem(
    "scratch",
    deployment_type="PERSISTENT_2",
    per_unit_storage_throughput=250,
    automatic_backup_retention_days=7,
    storage_capacity=1200,
    subnet_ids="subnet-0a",
    tags={"owner": "ml", "release": "r1"},
)
