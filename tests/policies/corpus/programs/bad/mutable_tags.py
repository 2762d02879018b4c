"""A repository whose tags move.

expect: HERD-036 imageTagMutability
"""

import pulumi_aws as aws

aws.ecr.Repository(
    "train", image_scanning_configuration={"scan_on_push": True}, encryption_configurations=[{"encryption_type": "KMS"}]
)
