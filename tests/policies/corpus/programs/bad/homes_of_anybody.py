"""An access point that trusts what clients say of themselves.

expect: HERD-056 posixUser
expect: HERD-056 rootDirectory
"""

import pulumi_aws as aws

aws.efs.AccessPoint("homes", file_system_id="fs-0123456789abcdef0")
