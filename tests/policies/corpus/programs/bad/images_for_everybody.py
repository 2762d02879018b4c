"""An image that anybody may start, in an account that lets images be public.

expect: HERD-081 group
expect: HERD-081 state
"""

import pulumi_aws as aws

aws.ec2.ImageBlockPublicAccess("images", state="unblocked")
aws.ec2.AmiLaunchPermission("trainer", image_id="ami-0123456789abcdef0", group="all")
