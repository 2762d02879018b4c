"""A file system without encryption.

expect: HERD-051 encrypted
"""

import pulumi_aws as aws

aws.efs.FileSystem("home", performance_mode="generalPurpose")
