"""A bucket for everybody.

expect: HERD-052
"""

import json

import pulumi_aws as aws

bucket = aws.s3.Bucket("data")
statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
aws.s3.BucketPolicy(
    "data",
    bucket=bucket.id,
    policy=bucket.arn.apply(
        lambda arn: json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": f"{arn}/*"}]})
    ),
)
