"""A function that carries its database's password, a task its token, a parameter a key.

expect: HERD-080 environment.variables.DB_PASSWORD
expect: HERD-080 containerDefinitions[0].environment[0].value
expect: HERD-080 insecureValue
"""

import json

import pulumi_aws as aws

aws.lambda_.Function(
    "index",
    role="arn:aws:iam::111122223333:role/index",
    package_type="Image",
    image_uri="111122223333.dkr.ecr.us-west-2.amazonaws.com/index@sha256:" + "0" * 64,
    environment={"variables": {"DB_HOST": "db.internal", "DB_PASSWORD": "hunter2"}},
)
aws.ecs.TaskDefinition(
    "api",
    family="api",
    container_definitions=json.dumps(
        [{"name": "api", "environment": [{"name": "API_TOKEN", "value": "9f8e7d6c5b4a"}]}]
    ),
)
aws.ssm.Parameter("key", name="/api/key", type="String", insecure_value="AKIAIOSFODNN7EXAMPLE")
