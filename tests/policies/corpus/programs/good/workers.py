"""A pool as a component of one's own."""

import pulumi
import pulumi_aws as aws

TAGS = {
    "owner": "ml",
    "release": "r1",
    "team": "ml",
    "cost-centre": "1",
    "environment": "prod",
    "data-class": "internal",
}


class Workers(pulumi.ComponentResource):
    """Machines for whatever waits."""

    def __init__(self, name: str, image: str) -> None:
        super().__init__("acme:compute:Workers", name)
        child = pulumi.ResourceOptions(parent=self)
        template = aws.ec2.LaunchTemplate(
            name,
            image_id=image,
            instance_type="c7i.4xlarge",
            metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
            block_device_mappings=[
                {"device_name": "/dev/xvda", "ebs": {"encrypted": "true", "delete_on_termination": "true"}}
            ],
            tag_specifications=[{"resource_type": kind, "tags": TAGS} for kind in ("instance", "volume")],
            opts=child,
        )
        aws.autoscaling.Group(
            name,
            min_size=0,
            max_size=4,
            max_instance_lifetime=604800,
            vpc_zone_identifiers=["subnet-0a"],
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            tags=[{"key": key, "value": value, "propagate_at_launch": True} for key, value in TAGS.items()],
            opts=child,
        )


Workers("cpu", "ami-0123456789abcdef0")
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
