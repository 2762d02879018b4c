"""A queue with encryption and a place for what nobody could handle."""

import json

import pulumi_aws as aws

dead = aws.sqs.Queue("dead", sqs_managed_sse_enabled=True, message_retention_seconds=1209600)
aws.sqs.Queue(
    "jobs",
    sqs_managed_sse_enabled=True,
    redrive_policy=dead.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})),
)
