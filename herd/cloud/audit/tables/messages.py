"""Logs, events, schedules, topics."""

from __future__ import annotations

from herd.cloud.audit.listing import Listing, TagCall

# What SNS shows instead of an ARN for a subscription that nobody has confirmed or that is on its way out.
_NO_ARN = ("PendingConfirmation", "Deleted")

LISTINGS = (
    Listing(
        "aws:cloudwatch/logGroup:LogGroup",
        "logs",
        "describe_log_groups",
        "logGroups",
        id="logGroupName",
        name="logGroupName",
        tags=TagCall("list_tags_for_resource", {"resourceArn": "logGroupArn"}, tags="tags"),
    ),
    Listing(
        "aws:cloudwatch/eventRule:EventRule",
        "events",
        "list_rules",
        "Rules",
        id="Name",
        name="Name",
        tags=TagCall("list_tags_for_resource", {"ResourceARN": "Arn"}),
        keep=lambda item: not item.get("ManagedBy"),
    ),
    Listing(
        "aws:cloudwatch/eventTarget:EventTarget",
        "events",
        "list_targets_by_rule",
        "Targets",
        id="join('-', [_parent.Name, Id])",
        name="Id",
        params={"Rule": "$Name"},
        over="aws:cloudwatch/eventRule:EventRule",
    ),
    Listing(
        "aws:scheduler/schedule:Schedule",
        "scheduler",
        "list_schedules",
        "Schedules",
        id="join('/', [GroupName, Name])",
        name="Name",
    ),
    Listing(
        "aws:sns/topic:Topic",
        "sns",
        "list_topics",
        "Topics",
        id="TopicArn",
        name=lambda item: item["TopicArn"].rsplit(":", 1)[-1],
        tags=TagCall("list_tags_for_resource", {"ResourceArn": "TopicArn"}),
    ),
    Listing(
        "aws:sns/topicSubscription:TopicSubscription",
        "sns",
        "list_subscriptions",
        "Subscriptions",
        id="SubscriptionArn",
        keep=lambda item: item["SubscriptionArn"] not in _NO_ARN,
    ),
)
