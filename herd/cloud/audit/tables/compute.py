"""Launch templates, placement groups, scheduled actions, queues."""

from __future__ import annotations

from herd.cloud.audit.listing import Item, Listing, TagCall


def _own_placement_group(item: Item) -> bool:
    # What a rehearsal put there before the program ran, as the home of a reservation, isn't the program's.
    return not any(tag["Key"] == "herd:seeded" for tag in item.get("Tags") or [])


def _own_template(item: Item) -> bool:
    # EKS makes one for a node group that brings none, and takes it away with it.
    return not any(tag["Key"] == "eks:nodegroup-name" for tag in item.get("Tags") or [])


LISTINGS = (
    Listing(
        "aws:ec2/launchTemplate:LaunchTemplate",
        "ec2",
        "describe_launch_templates",
        "LaunchTemplates",
        id="LaunchTemplateId",
        name="LaunchTemplateName",
        tags="Tags",
        keep=_own_template,
    ),
    Listing(
        "aws:ec2/placementGroup:PlacementGroup",
        "ec2",
        "describe_placement_groups",
        "PlacementGroups",
        id="GroupName",
        name="GroupName",
        tags="Tags",
        keep=_own_placement_group,
    ),
    Listing(
        "aws:autoscaling/schedule:Schedule",
        "autoscaling",
        "describe_scheduled_actions",
        "ScheduledUpdateGroupActions",
        id="ScheduledActionName",
        name="ScheduledActionName",
        # EKS empties the groups of capacity blocks by an action of its own.
        keep=lambda item: not str(item["ScheduledActionName"]).startswith("Amazon EKS "),
    ),
    Listing(
        "aws:sqs/queue:Queue",
        "sqs",
        "list_queues",
        "QueueUrls",
        id="value",
        name=lambda item: item["value"].rsplit("/", 1)[-1],
        tags=TagCall("list_queue_tags", {"QueueUrl": "value"}),
    ),
)
