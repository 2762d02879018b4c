"""A function that reads its secret itself, a task that takes one by reference, a parameter that is none."""

import pulumi
import pulumi_aws as aws

tags = {"owner": "platform", "release": "2026.11.1", "cost-center": "ml"}
aws.ssm.Parameter("version", name="/herd/version", type="String", insecure_value="1.4.0", tags=tags)
secret = "arn:aws:secretsmanager:us-west-2:111122223333:secret:db"
aws.lambda_.Function(
    "index",
    role="arn:aws:iam::111122223333:role/index",
    package_type="Image",
    image_uri="111122223333.dkr.ecr.us-west-2.amazonaws.com/index@sha256:" + "0" * 64,
    environment={"variables": {"LOG_LEVEL": "info", "DB_SECRET_ARN": secret}},
    tags=tags,
)
containers = [{"name": "api", "secrets": [{"name": "DB_PASSWORD", "valueFrom": secret}]}]
aws.ecs.TaskDefinition("api", family="api", container_definitions=pulumi.Output.json_dumps(containers), tags=tags)
