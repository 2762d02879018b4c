"""A key that rotates."""

import pulumi
import pulumi_aws as aws

aws.kms.Key("data", enable_key_rotation=True, deletion_window_in_days=30, opts=pulumi.ResourceOptions(protect=True))
