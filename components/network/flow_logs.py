"""Flow logs: the record of all traffic, its log group and the role that writes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import cloudwatch, ec2, iam

from components.base.tags import name_tag
from components.network import derive

if TYPE_CHECKING:
    from components.base.component import HerdComponent
    from components.network.spec import FlowLogs


def record_traffic(
    network: HerdComponent,
    name: str,
    vpc_id: pulumi.Input[str],
    spec: FlowLogs,
    *,
    key_arn: pulumi.Input[str] | None,
) -> pulumi.Output[str]:
    """Register the flow logs of a VPC as children of its network and return their log group's ARN."""
    of_logs = f"{name}-flow-logs"
    group = cloudwatch.LogGroup(
        of_logs, retention_in_days=spec.retention_days, kms_key_id=key_arn, opts=network.state()
    )
    role = iam.Role(
        of_logs,
        description="Lets VPC flow logs write to their log group",
        assume_role_policy=json.dumps(derive.flow_log_trust(network.context)),
        opts=network.child(),
    )
    writing = iam.RolePolicy(
        of_logs,
        role=role.id,
        policy=pulumi.Output.json_dumps(group.arn.apply(derive.flow_log_permissions)),
        opts=network.child(),
    )
    ec2.FlowLog(
        name,
        vpc_id=vpc_id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=spec.interval_seconds,
        tags=name_tag(network.context),
        opts=network.child(depends_on=[writing]),
    )
    arn: pulumi.Output[str] = group.arn
    return arn
