"""A public access block with a hole.

expect: HERD-052 restrictPublicBuckets
"""

import pulumi_aws as aws

bucket = aws.s3.Bucket("data")
aws.s3.BucketPublicAccessBlock(
    "data", bucket=bucket.id, block_public_acls=True, block_public_policy=True, ignore_public_acls=True
)
