"""What a change of a launch template makes, and what a preview knows of it; schedules as the provider sends them."""

from datetime import UTC, datetime, timedelta

import pytest

from herd.cloud import seed
from herd.cloud.provider.errors import CloudError
from herd.cloud.provider.wire import UNKNOWN

TEMPLATE, SCHEDULE = "aws:ec2/launchTemplate:LaunchTemplate", "aws:autoscaling/schedule:Schedule"


class Updates:
    """One resource, changed again and again."""

    def __init__(self, world, token, **inputs):
        self.world, self.provider = world, world.provider
        self.made = world.make(token, inputs, f"of-{len(inputs)}-inputs")

    def to(self, *, preview=False, **changes):
        wanted = {k: v for k, v in {**self.made.inputs, **changes}.items() if v is not None and k != "__defaults"}
        inputs = self.world.checked(self.made.urn, wanted, self.made.inputs)
        made = self.made
        state = self.provider.update(made.urn, made.id, made.state, made.inputs, inputs, preview=preview)
        if not preview:
            made.state, made.inputs = state, inputs
        return state


def versions(state):
    return state["latestVersion"], state["defaultVersion"]


def test_content_makes_a_version_and_the_default_moves_only_when_told(world):
    template = Updates(world, TEMPLATE, instanceType="m7i.large")
    assert versions(template.made.state) == (1, 1)
    assert versions(template.to(instanceType="m7i.xlarge")) == (2, 1)
    assert versions(template.to(tags={"team": "ml"})) == (2, 1)
    assert versions(template.to(updateDefaultVersion=True)) == (2, 2)
    assert versions(template.to(description="third")) == (3, 3)
    assert versions(template.to(updateDefaultVersion=None, defaultVersion=1)) == (3, 1)


def test_a_preview_knows_the_version_unless_the_content_changes(world):
    template = Updates(world, TEMPLATE, instanceType="m7i.large", description="first")
    assert versions(template.to(preview=True, tags={"team": "ml"})) == (1, 1)
    assert versions(template.to(preview=True, instanceType="m7i.xlarge")) == (UNKNOWN, UNKNOWN)
    assert template.to(preview=True, instanceType="m7i.xlarge")["instanceType"] == "m7i.xlarge"


@pytest.fixture
def group(world):
    client = world.client("autoscaling")
    if not client.describe_auto_scaling_groups()["AutoScalingGroups"]:
        data = {"InstanceType": "m7i.large"}
        world.client("ec2").create_launch_template(LaunchTemplateName="of-a-group", LaunchTemplateData=data)
        client.create_auto_scaling_group(
            AutoScalingGroupName="group",
            MinSize=0,
            MaxSize=0,
            AvailabilityZones=["us-east-1a"],
            LaunchTemplate={"LaunchTemplateName": "of-a-group"},
        )
    return client


def test_a_size_that_is_left_out_is_none_and_minus_one_leaves_it(world, group):
    given = {"autoscalingGroupName": "group", "scheduledActionName": "sizes", "recurrence": "0 9 * * *"}
    schedule = Updates(world, SCHEDULE, **given, maxSize=4, desiredCapacity=-1)
    shown = group.describe_scheduled_actions(ScheduledActionNames=["sizes"])["ScheduledUpdateGroupActions"][0]
    assert (shown["MinSize"], shown["MaxSize"], "DesiredCapacity" in shown) == (0, 4, False)
    assert schedule.made.state["desiredCapacity"] == -1
    world.provider.delete(schedule.made.urn, schedule.made.id, schedule.made.state, schedule.made.inputs)


def test_a_change_after_the_first_start_is_refused_as_the_real_provider_sends_that_start_again(world, group, cloud):
    """pulumi-aws, issue 2473: the program didn't say when to start, AWS did, and it is over."""
    given = {"autoscalingGroupName": "group", "scheduledActionName": "trap", "recurrence": "0 10 * * *"}
    schedule = Updates(world, SCHEDULE, **given, maxSize=2, minSize=0)
    assert schedule.to(maxSize=3)["maxSize"] == 3
    try:
        seed.clock(cloud.endpoint, datetime.now(UTC) + timedelta(days=2))
        with pytest.raises(CloudError, match="start time is in the past"):
            schedule.to(maxSize=4)
    finally:
        seed.clock(cloud.endpoint, datetime.now(UTC))
