"""What Karpenter's controller may do in AWS, and who may write to its queue: pure.

Source: aws/karpenter-provider-aws v1.14, CloudFormation of its getting started guide (policies and queue). Left out
there: making instance profiles, because node classes name one that is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from components.base.arns import arn, partition
from components.base.context import StackContext
from components.k8s_platform.documents import Statement, cluster_arn, cluster_name
from components.k8s_platform.spec import ClusterSpec

NAMES: Final = ("machines", "discovery", "identity")
"""The controller's policies."""

LAUNCH: Final = ("ec2:RunInstances", "ec2:CreateFleet")
# Whatever a launch names that isn't Karpenter's own.
NAMED: Final = ("security-group", "subnet", "capacity-reservation", "placement-group")
MADE: Final = ("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request")
READ: Final = (
    "ec2:DescribeCapacityReservations",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribePlacementGroups",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSpotPriceHistory",
    "ec2:DescribeSubnets",
)
NODE_POOL_TAG: Final = "karpenter.sh/nodepool"


def controller(
    spec: ClusterSpec, context: StackContext, *, node_role_arn: str, profile_arn: str, queue_arn: str
) -> dict[str, list[Statement]]:
    """The controller's policies by name, each below IAM's limit of 10,240 characters a role."""
    return {
        "machines": _machines(spec, context),
        "discovery": _discovery(spec, context, profile_arn),
        "identity": [
            {
                "Sid": "PassNodeRole",
                "Effect": "Allow",
                "Action": "iam:PassRole",
                "Resource": node_role_arn,
                "Condition": {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]}},
            },
            {
                "Sid": "Interruptions",
                "Effect": "Allow",
                "Action": ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
                "Resource": queue_arn,
            },
        ],
    }


def queue(queue_arn: str, rule_arns: Sequence[str]) -> list[Statement]:
    """The queue's policy: EventBridge sends, for our rules alone, and nobody does without TLS."""
    return [
        {
            "Sid": "Notices",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            # Source: EventBridge User Guide, "Amazon SQS permissions".
            "Condition": {"ArnEquals": {"aws:SourceArn": list(rule_arns)}},
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": queue_arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]


def _ec2(context: StackContext, kind: str, *, aws_owned: bool = False) -> str:
    # Images and snapshots are named without an account, and whatever is shared with us may be another account's.
    return f"arn:{partition(context.region)}:ec2:{context.region}:{'' if aws_owned else '*'}:{kind}/*"


def _machines(spec: ClusterSpec, context: StackContext) -> list[Statement]:
    name = cluster_name(spec, context)
    owned = f"kubernetes.io/cluster/{name}"
    ours = {
        "StringEquals": {f"aws:ResourceTag/{owned}": "owned"},
        "StringLike": {f"aws:ResourceTag/{NODE_POOL_TAG}": "*"},
    }
    new: dict[str, Any] = {f"aws:RequestTag/{owned}": "owned", "aws:RequestTag/eks:eks-cluster-name": name}
    from_pool = {"StringLike": {f"aws:RequestTag/{NODE_POOL_TAG}": "*"}}
    made = [_ec2(context, kind) for kind in MADE]
    return [
        _allow(
            "LaunchFrom",
            LAUNCH,
            [_ec2(context, kind, aws_owned=True) for kind in ("image", "snapshot")]
            + [_ec2(context, kind) for kind in NAMED],
        ),
        _allow("LaunchFromOwnTemplates", LAUNCH, [_ec2(context, "launch-template")], ours),
        _allow("Launch", (*LAUNCH, "ec2:CreateLaunchTemplate"), made, {"StringEquals": new, **from_pool}),
        _allow(
            "TagNew",
            ["ec2:CreateTags"],
            made,
            {
                "StringEquals": {**new, "ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]},
                **from_pool,
            },
        ),
        _allow(
            "TagOwn",
            ["ec2:CreateTags"],
            [_ec2(context, "instance")],
            {
                **ours,
                "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": name},
                "ForAllValues:StringEquals": {
                    "aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]
                },
            },
        ),
        _allow(
            "DeleteOwn",
            ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
            [_ec2(context, "instance"), _ec2(context, "launch-template")],
            ours,
        ),
    ]


def _discovery(spec: ClusterSpec, context: StackContext, profile_arn: str) -> list[Statement]:
    cluster, region = cluster_arn(spec, context), context.region
    return [
        _allow("Read", READ, ["*"], {"StringEquals": {"aws:RequestedRegion": region}}),
        # Which zones AWS has shifted away from: no new nodes there.
        _allow(
            "ZonalShift",
            ["arc-zonal-shift:GetManagedResource"],
            ["*"],
            {"StringEquals": {"arc-zonal-shift:ResourceIdentifier": cluster}},
        ),
        _allow("Cluster", ["eks:DescribeCluster"], [cluster]),
        # AWS's own parameters belong to no account.
        _allow("PublicParameters", ["ssm:GetParameter"], [arn("ssm", region, "", "parameter/aws/service/*")]),
        _allow("Prices", ["pricing:GetProducts"], ["*"]),
        _allow("ListProfiles", ["iam:ListInstanceProfiles"], ["*"]),
        _allow("ReadProfile", ["iam:GetInstanceProfile"], [profile_arn]),
    ]


def _allow(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: dict[str, Any] | None = None
) -> Statement:
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    if condition:
        statement["Condition"] = condition
    return statement
