"""A repository that everybody may pull from.

expect: HERD-038 policy
"""

import json

import pulumi_aws as aws

repository = aws.ecr.Repository(
    "train",
    image_tag_mutability="IMMUTABLE",
    image_scanning_configuration={"scan_on_push": True},
    encryption_configurations=[{"encryption_type": "KMS"}],
)
aws.ecr.RepositoryPolicy(
    "train",
    repository=repository.name,
    policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["ecr:BatchGetImage"]}],
        }
    ),
)
