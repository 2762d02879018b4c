"""A repository that nobody scans.

expect: HERD-037
"""

import pulumi_aws as aws

aws.ecr.Repository("train", image_tag_mutability="IMMUTABLE", encryption_configurations=[{"encryption_type": "KMS"}])
