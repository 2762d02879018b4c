"""A file system under AWS's own key.

expect: HERD-051 kmsKeyId
"""

import pulumi_aws as aws

aws.fsx.LustreFileSystem(
    "scratch",
    deployment_type="SCRATCH_2",
    storage_capacity=1200,
    subnet_ids="subnet-0a",
    tags={"data": "scratch", "owner": "ml", "release": "r1"},
)
