"""A group whose autoscaler owns the desired size."""

import pulumi
import pulumi_aws as aws

template = aws.ec2.LaunchTemplate(
    "nodes",
    image_id="ami-0123456789abcdef0",
    instance_type="c7i.large",
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
    tags={
        "owner": "ml",
        "release": "r1",
        "team": "ml",
        "cost-centre": "1",
        "environment": "prod",
        "data-class": "internal",
    },
)
aws.autoscaling.Group(
    "nodes",
    min_size=0,
    max_size=4,
    max_instance_lifetime=1209600,
    vpc_zone_identifiers=["subnet-0a", "subnet-0b"],
    launch_template={"id": template.id, "version": template.latest_version.apply(str)},
    tags=[
        {"key": key, "value": "x", "propagateAtLaunch": True}
        for key in ("owner", "release", "team", "cost-centre", "environment", "data-class")
    ],
    opts=pulumi.ResourceOptions(ignore_changes=["desiredCapacity"]),
)
aws.budgets.Budget(
    "all",
    budget_type="COST",
    limit_amount="1000",
    limit_unit="USD",
    time_unit="MONTHLY",
    notifications=[
        {
            "comparison_operator": "GREATER_THAN",
            "notification_type": "ACTUAL",
            "threshold": 80,
            "threshold_type": "PERCENTAGE",
            "subscriber_email_addresses": ["ops@example.com"],
        }
    ],
)
