"""Boot scripts put together from what the cloud answers, in base64.

expect: HERD-021 userData
expect: HERD-061 userData
"""

import base64

import pulumi
import pulumi_aws as aws

table = aws.dynamodb.Table("jobs", attributes=[{"name": "id", "type": "S"}], hash_key="id")
script = pulumi.Output.all(table.name, aws.get_region_output().region).apply(
    lambda known: (
        f"#!/bin/bash\nexport TABLE={known[0]} REGION={known[1]}\ngit clone https://github.com/acme/worker /opt/worker\n"
    )
)
aws.ec2.LaunchTemplate(
    "workers",
    image_id="ami-0123456789abcdef0",
    user_data=script.apply(lambda text: base64.b64encode(text.encode()).decode()),
)
