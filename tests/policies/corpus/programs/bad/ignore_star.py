"""Everything ignored.

expect: HERD-025 ignoreChanges
"""

import pulumi
import pulumi_aws as aws

aws.sqs.Queue("jobs", sqs_managed_sse_enabled=True, opts=pulumi.ResourceOptions(ignore_changes=["*"]))
