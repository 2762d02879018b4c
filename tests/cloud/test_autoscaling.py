"""Scheduled actions: what Auto Scaling refuses, when they fire, and who hears of it."""

from datetime import UTC, datetime, timedelta

import pytest

from herd.cloud import clock, seed
from herd.cloud.extensions import autoscaling

NOW = datetime(2027, 1, 4, 11, 0, tzinfo=UTC)
SIZES = {"MinSize": 2, "MaxSize": 2, "DesiredCapacity": 2}


class Groups:
    """A node group's Auto Scaling group and one of somebody's own, at a known time."""

    def __init__(self, cloud):
        self.cloud, self.client = cloud, cloud.client("autoscaling")
        self.to(NOW)
        cloud.client("ec2").create_launch_template(
            LaunchTemplateName="nodes", LaunchTemplateData={"InstanceType": "m7i.large"}
        )
        tags = [{"Key": "eks:nodegroup-name", "Value": "pool", "PropagateAtLaunch": True}]
        self.make("nodes", Tags=tags)

    def make(self, name, **more):
        zones = [f"{self.cloud.region}a"]
        given = {"MinSize": 0, "MaxSize": 4, "DesiredCapacity": 0, "AvailabilityZones": zones}
        template = {"LaunchTemplateName": "nodes"}
        self.client.create_auto_scaling_group(AutoScalingGroupName=name, LaunchTemplate=template, **given | more)

    def to(self, moment):
        seed.clock(self.cloud.endpoint, moment)

    def put(self, name="open", group="nodes", **action):
        self.client.put_scheduled_update_group_action(AutoScalingGroupName=group, ScheduledActionName=name, **action)

    def refused(self, **action):
        return self.cloud.refused(self.put, **action)

    def sizes(self, group="nodes"):
        shown = self.client.describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"][0]
        return shown["MinSize"], shown["MaxSize"], shown["DesiredCapacity"]

    def actions(self, **aim):
        return self.client.describe_scheduled_actions(**aim)["ScheduledUpdateGroupActions"]


@pytest.fixture
def groups(cloud):
    return Groups(cloud)


@pytest.fixture
def heard(monkeypatch):
    told = []
    monkeypatch.setattr(autoscaling, "_HOOKS", [lambda _call, name: told.append(name)])
    return told


LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ({"group": "nobody", "StartTime": LATER, **SIZES}, "ValidationError"),
        ({"StartTime": NOW - timedelta(minutes=1), **SIZES}, "ValidationError"),
        ({"StartTime": LATER, "EndTime": NOW - timedelta(minutes=1), **SIZES}, "ValidationError"),
        ({"StartTime": LATER, "EndTime": LATER, **SIZES}, "ValidationError"),
        ({"StartTime": LATER, "MinSize": 3, "MaxSize": 2}, "ValidationError"),
        ({"StartTime": LATER, "MinSize": 1, "MaxSize": 2, "DesiredCapacity": 3}, "ValidationError"),
        ({"StartTime": LATER, "MinSize": 2, "DesiredCapacity": 1}, "ValidationError"),
        ({"StartTime": LATER, "MinSize": -1}, "ValidationError"),
        ({"StartTime": LATER}, "ValidationError"),
        (SIZES, "ValidationError"),
        ({"Recurrence": "0 25 * * *", **SIZES}, "ValidationError"),
        ({"Recurrence": "0 9 * * *", "TimeZone": "Mars/Olympus", **SIZES}, "ValidationError"),
        ({"name": "second", "StartTime": LATER + timedelta(hours=1), **SIZES}, "AlreadyExists"),
    ],
)
def test_a_bad_action_is_refused_and_nothing_is_kept(groups, action, code):
    groups.put("first", StartTime=LATER + timedelta(hours=1), **SIZES)
    assert groups.refused(**action) == code
    assert [each["ScheduledActionName"] for each in groups.actions()] == ["first"]


def test_an_action_fires_once_and_is_forgotten(groups, heard):
    groups.put(StartTime=LATER, **SIZES)
    assert (groups.sizes(), heard) == ((0, 4, 0), [])
    groups.to(LATER)
    assert (groups.sizes(), heard) == ((2, 2, 2), ["nodes"])
    assert groups.actions() == []
    gone = {"AutoScalingGroupName": "nodes", "ScheduledActionName": "open"}
    assert groups.cloud.refused(groups.client.delete_scheduled_action, **gone) == "ValidationError"


def test_a_recurring_action_fires_whenever_its_time_comes(groups, heard):
    groups.put("open", Recurrence="*/10 12-15 4 1 *", MinSize=0, MaxSize=4, DesiredCapacity=3)
    groups.put("close", Recurrence="0 16 4 1 *", MinSize=0, MaxSize=4, DesiredCapacity=0)
    assert [each["StartTime"] for each in groups.actions()] == [NOW + timedelta(hours=5), NOW + timedelta(hours=1)]
    groups.to(NOW + timedelta(hours=3, minutes=5))
    assert groups.sizes() == (0, 4, 3)
    assert groups.actions(ScheduledActionNames=["open"])[0]["StartTime"] == NOW + timedelta(hours=3, minutes=10)
    groups.client.set_desired_capacity(AutoScalingGroupName="nodes", DesiredCapacity=1)
    groups.to(NOW + timedelta(hours=3, minutes=10))
    assert groups.sizes() == (0, 4, 3)
    groups.to(NOW + timedelta(days=1))
    assert groups.sizes() == (0, 4, 0)
    assert heard == ["nodes"] * 5


def test_an_action_made_inside_its_window_waits_for_its_next_time(groups):
    groups.to(NOW + timedelta(hours=2, minutes=3))
    groups.put("open", Recurrence="*/10 12-15 4 1 *", MinSize=0, MaxSize=4, DesiredCapacity=3)
    assert groups.sizes() == (0, 4, 0)
    groups.to(NOW + timedelta(hours=2, minutes=10))
    assert groups.sizes() == (0, 4, 3)


def test_a_desired_size_is_kept_within_the_others(groups):
    groups.put(StartTime=LATER, MinSize=3)
    groups.to(LATER)
    assert groups.sizes() == (3, 4, 3)


def test_recurrence_ends(groups):
    groups.put(Recurrence="0 * * * *", EndTime=LATER + timedelta(minutes=30), **SIZES)
    groups.to(LATER + timedelta(minutes=5))
    assert groups.sizes() == (2, 2, 2)
    groups.client.update_auto_scaling_group(AutoScalingGroupName="nodes", MinSize=0, DesiredCapacity=0)
    groups.to(LATER + timedelta(days=1))
    assert groups.sizes() == (0, 2, 0)


def test_actions_go_with_their_group_and_are_two_groups_own(groups):
    groups.make("other")
    groups.put("open", "nodes", StartTime=LATER, **SIZES)
    groups.put("open", "other", StartTime=LATER, MinSize=1)
    assert len(groups.actions()) == 2
    groups.client.delete_auto_scaling_group(AutoScalingGroupName="other")
    assert [each["AutoScalingGroupName"] for each in groups.actions()] == ["nodes"]


def test_a_group_of_somebodys_own_gets_instances_of_its_template(groups):
    groups.make("own")
    groups.put("open", "own", StartTime=LATER, DesiredCapacity=2)
    groups.to(LATER)
    shown = groups.client.describe_auto_scaling_groups(AutoScalingGroupNames=["own"])["AutoScalingGroups"][0]
    assert len(shown["Instances"]) == 2


def test_sizes_fit_each_other_and_names_are_used_once(groups):
    client, own = groups.client, {"AutoScalingGroupName": "nodes"}
    assert groups.cloud.refused(groups.make, "nodes") == "AlreadyExists"
    assert groups.cloud.refused(groups.make, "other", DesiredCapacity=9) == "ValidationError"
    assert groups.cloud.refused(client.set_desired_capacity, **own, DesiredCapacity=5) == "ValidationError"
    assert groups.cloud.refused(client.update_auto_scaling_group, **own, MinSize=5) == "ValidationError"
    assert (
        groups.cloud.refused(client.set_desired_capacity, AutoScalingGroupName="nobody", DesiredCapacity=1)
        == "ValidationError"
    )


def test_a_reset_brings_back_the_real_time(groups):
    groups.cloud.server.reset()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
