"""A key that is the same for ever.

expect: HERD-060 enableKeyRotation
"""

import pulumi_aws as aws

aws.kms.Key("data", description="data")
