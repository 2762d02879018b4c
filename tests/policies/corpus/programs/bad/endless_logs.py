"""Logs that nobody ever deletes.

expect: HERD-060 retentionInDays
"""

import pulumi_aws as aws

aws.cloudwatch.LogGroup("training")
