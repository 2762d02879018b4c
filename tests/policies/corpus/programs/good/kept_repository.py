"""A repository with immutable tags, scans, a key and a lifecycle that keeps releases."""

import json

import pulumi
import pulumi_aws as aws

repository = aws.ecr.Repository(
    "train",
    image_tag_mutability="IMMUTABLE",
    image_scanning_configuration={"scan_on_push": True},
    encryption_configurations=[
        {
            "encryption_type": "KMS",
            "kms_key": "arn:aws:kms:us-west-2:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555",
        }
    ],
    tags={
        "owner": "ml",
        "release": "r1",
        "team": "ml",
        "cost-centre": "1",
        "environment": "prod",
        "data-class": "internal",
    },
    opts=pulumi.ResourceOptions(protect=True),
)
aws.ecr.LifecyclePolicy(
    "train",
    repository=repository.name,
    policy=json.dumps(
        {
            "rules": [
                {
                    "rulePriority": 1,
                    "selection": {
                        "tagStatus": "untagged",
                        "countType": "sinceImagePushed",
                        "countUnit": "days",
                        "countNumber": 14,
                    },
                    "action": {"type": "expire"},
                }
            ]
        }
    ),
)
