"""Default tags that say whose it is, and not of which release.

expect: HERD-057 tagSpecifications
"""

import pulumi
import pulumi_aws as aws

provider = aws.Provider("aws", region="us-west-2", default_tags={"tags": {"owner": "ml"}})
aws.ec2.LaunchTemplate("workers", image_id="ami-0123456789abcdef0", opts=pulumi.ResourceOptions(provider=provider))
