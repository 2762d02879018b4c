"""Jobs on spot machines that end with them."""

import json

import pulumi_aws as aws

TAGS = {
    "owner": "ml",
    "release": "r1",
    "team": "ml",
    "cost-centre": "1",
    "environment": "prod",
    "data-class": "internal",
}

template = aws.ec2.LaunchTemplate(
    "jobs",
    image_id="ami-0123456789abcdef0",
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
    block_device_mappings=[{"device_name": "/dev/xvda", "ebs": {"encrypted": "true", "delete_on_termination": "true"}}],
    tag_specifications=[{"resource_type": kind, "tags": TAGS} for kind in ("instance", "volume")],
)
aws.batch.ComputeEnvironment(
    "jobs",
    type="MANAGED",
    compute_resources={
        "type": "SPOT",
        "min_vcpus": 0,
        "max_vcpus": 64,
        "instance_types": ["c7i"],
        "instance_role": "arn:aws:iam::111122223333:instance-profile/jobs",
        "subnets": ["subnet-0a"],
        "launch_template": {"launch_template_id": template.id, "version": template.latest_version.apply(str)},
        "tags": TAGS,
    },
)
image = f"111122223333.dkr.ecr.us-west-2.amazonaws.com/tidy@sha256:{'0' * 64}"
aws.batch.JobDefinition("tidy", type="container", container_properties=json.dumps({"image": image}))
aws.budgets.Budget(
    "all",
    budget_type="COST",
    limit_amount="1000",
    limit_unit="USD",
    time_unit="MONTHLY",
    notifications=[
        {
            "comparison_operator": "GREATER_THAN",
            "threshold": 80,
            "threshold_type": "PERCENTAGE",
            "notification_type": "FORECASTED",
            "subscriber_email_addresses": ["ml@example.org"],
        }
    ],
)
