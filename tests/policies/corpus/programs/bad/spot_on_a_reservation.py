"""Spot machines on a reservation.

expect: HERD-066
"""

import pulumi_aws as aws

aws.ec2.LaunchTemplate(
    "p5",
    image_id="ami-0123456789abcdef0",
    instance_type="p5.48xlarge",
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
    instance_market_options={"market_type": "spot"},
    capacity_reservation_specification={
        "capacity_reservation_target": {"capacity_reservation_id": "cr-0123456789abcdef0"}
    },
)
