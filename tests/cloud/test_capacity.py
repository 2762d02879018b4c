"""Machines and who has them: reservations and blocks, shortages and quotas, zones and their offers, what is seeded."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from components.base.problems import InvalidInputError
from herd.cloud import seed
from herd.cloud.extensions import _ec2_capacity as capacity
from herd.cloud.extensions._ec2_types import offering_zones, zone_ids

REGION = "us-east-2"  # it has all the machines that these tests want
ZONE = f"{REGION}a"
OPEN, TARGETED, BLOCK, HOMED = (f"cr-{digit * 17}" for digit in "1234")
OPENS = datetime(2027, 1, 4, 11, 30, tzinfo=UTC)
CLOSES = OPENS + timedelta(days=2)
P5 = {"instance_type": "p5.48xlarge", "zone": ZONE}


@dataclass
class Asked:
    """What `take` looks at of a request."""

    account: str
    region: str
    shortage: object


class Machines:
    """The ledger, asked from inside, with the cloud around it."""

    def __init__(self, cloud):
        self.cloud, self.ec2 = cloud, cloud.client("ec2", region=REGION)
        self.call = Asked(cloud.account, REGION, cloud.server.faults.shortage)
        self.to(OPENS - timedelta(days=1))

    def to(self, moment):
        seed.clock(self.cloud.endpoint, moment)

    def seed(self, *items):
        seed.reservations(self.cloud.endpoint, self.cloud.account, REGION, items)

    def take(self, count, holder="pool", **how):
        """None, or the code of the refusal."""
        refusal = capacity.take(self.call, holder, **P5 | {"count": count} | how)
        return refusal and refusal.code

    def give_back(self, holder="pool", count=None):
        capacity.give_back(self.call, holder, count)

    def held(self, holder="pool"):
        return capacity.held(self.call, holder)

    def shown(self, identifier):
        return self.ec2.describe_capacity_reservations(CapacityReservationIds=[identifier])["CapacityReservations"][0]

    def left(self, identifier):
        return self.shown(identifier)["AvailableInstanceCount"]


@pytest.fixture
def machines(cloud):
    return Machines(cloud)


def reserved(identifier, kind, count=4, **more):
    return {"id": identifier, "kind": kind, "count": count} | P5 | more


def block(identifier=BLOCK, count=4):
    return reserved(identifier, "capacity-block", count, start=OPENS, end=CLOSES)


def test_on_demand_has_no_end(machines):
    assert machines.take(1000) is None
    assert machines.held() == 1000
    machines.give_back(count=400)
    assert machines.held() == 600
    machines.give_back()
    assert machines.held() == 0


def test_a_targeted_reservation_holds_what_it_holds(machines):
    machines.seed(reserved(TARGETED, "targeted"))
    assert machines.take(3, reservation=TARGETED) is None
    assert machines.take(2, "other", reservation=TARGETED) == "ReservationCapacityExceeded"
    assert (machines.held("other"), machines.left(TARGETED)) == (0, 1)
    machines.give_back(count=1)
    assert machines.take(2, "other", reservation=TARGETED) is None
    assert machines.left(TARGETED) == 0


@pytest.mark.parametrize(
    "how",
    [
        {"instance_type": "p5en.48xlarge"},
        {"zone": f"{REGION}b"},
        {"reservation": HOMED},
        {"reservation": HOMED, "placement_group": "away"},
    ],
)
def test_a_reservation_is_of_a_type_in_a_zone_and_in_its_placement_group(machines, how):
    machines.seed(reserved(TARGETED, "targeted"), reserved(HOMED, "targeted", placement_group="home"))
    assert machines.take(1, **{"reservation": TARGETED} | how) == "ReservationCapacityExceeded"
    assert machines.take(1, reservation=HOMED, placement_group="home") is None


def test_an_open_reservation_is_used_first_and_by_those_who_do_not_decline(machines):
    machines.seed(reserved(OPEN, "open"), reserved(TARGETED, "targeted"))
    assert machines.take(3) is None
    assert machines.left(OPEN) == 1
    assert machines.take(3, "more") is None
    assert (machines.left(OPEN), machines.left(TARGETED)) == (0, 4)
    assert machines.take(1, "strict", preference="capacity-reservations-only") == "ReservationCapacityExceeded"
    machines.give_back()
    for how in ({"preference": "none"}, {"market": "spot"}, {"instance_type": "p5en.48xlarge"}):
        assert machines.take(1, "aside", **how) is None
    assert machines.left(OPEN) == 3


def test_a_group_of_reservations_is_one_stock(machines):
    arn = f"arn:aws:resource-groups:{REGION}:{machines.cloud.account}:group/p5"
    machines.seed(*(reserved(each, "targeted", 2, group=arn) for each in (OPEN, TARGETED)))
    assert machines.take(3, group=arn) is None
    assert machines.take(2, "other", group=arn) == "ReservationCapacityExceeded"
    assert machines.take(1, group=arn.replace("p5", "none")) == "InvalidParameterValue"
    client = machines.cloud.client("resource-groups", region=REGION)
    listed = [each["Identifier"]["ResourceArn"] for each in client.list_group_resources(Group=arn)["Resources"]]
    assert [each.rpartition("/")[2] for each in listed] == [OPEN, TARGETED]
    assert machines.cloud.refused(client.list_group_resources, Group="none") == "NotFoundException"


def test_a_group_may_be_all_that_is_known_of_a_reservation(machines):
    arn = f"arn:aws:resource-groups:{REGION}:{machines.cloud.account}:group/p5"
    item = {"kind": "targeted", "group": arn, "count": 2} | P5
    machines.seed(item)
    machines.seed(item)
    assert machines.take(2, group=arn) is None
    assert machines.take(1, group=arn) == "ReservationCapacityExceeded"


def test_a_block_has_a_window_and_takes_its_machines_along(machines):
    machines.seed(block())
    how = {"reservation": BLOCK, "market": "capacity-block"}
    assert machines.take(1, **how) == "InvalidCapacityReservationState.PendingActivation"
    assert machines.shown(BLOCK)["State"] == "scheduled"
    machines.to(OPENS)
    assert machines.take(5, **how) == "ReservationCapacityExceeded"
    assert machines.take(4, **how) is None
    assert machines.shown(BLOCK)["State"] == "active"
    machines.to(CLOSES - timedelta(minutes=31))
    assert machines.held() == 4
    machines.to(CLOSES - timedelta(minutes=30))
    assert machines.held() == 0
    assert machines.take(1, **how) == "ReservationCapacityExceeded"
    machines.to(CLOSES)
    assert machines.shown(BLOCK)["State"] == "expired"


def test_a_block_and_its_market_belong_together(machines):
    machines.seed(block(), reserved(TARGETED, "targeted"))
    assert machines.take(1, market="capacity-block") == "InvalidParameterCombination"
    assert machines.take(1, reservation=BLOCK) == "InvalidParameterValue"
    assert machines.take(1, reservation=TARGETED, market="capacity-block") == "InvalidParameterValue"
    assert machines.take(1, reservation="cr-" + "9" * 17) == "InvalidCapacityReservationId.NotFound"


def test_a_reservation_lives_as_long_as_it_is_wanted(machines):
    ec2, refused = machines.ec2, machines.cloud.refused
    given = {"InstanceType": "p5.48xlarge", "InstancePlatform": "Linux/UNIX", "AvailabilityZone": ZONE}
    tags = [{"ResourceType": "capacity-reservation", "Tags": [{"Key": "team", "Value": "ml"}]}]
    more = {"InstanceCount": 2, "InstanceMatchCriteria": "targeted", "ClientToken": "t", "TagSpecifications": tags}
    made = ec2.create_capacity_reservation(**given, **more)["CapacityReservation"]
    identifier = made["CapacityReservationId"]
    assert ec2.create_capacity_reservation(**given, **more)["CapacityReservation"] == made
    assert (made["AvailabilityZoneId"], made["Tags"]) == (zone_ids(REGION)[ZONE], tags[0]["Tags"])
    assert machines.take(2, reservation=identifier) is None
    assert (
        refused(ec2.modify_capacity_reservation, CapacityReservationId=identifier, InstanceCount=1)
        == "InvalidParameterValue"
    )
    ec2.modify_capacity_reservation(CapacityReservationId=identifier, InstanceCount=3)
    assert machines.left(identifier) == 1
    machines.seed(block())
    filters = [{"Name": "state", "Values": ["active"]}, {"Name": "instance-type", "Values": ["p5.*"]}]
    assert len(ec2.describe_capacity_reservations(Filters=filters)["CapacityReservations"]) == 1
    ec2.cancel_capacity_reservation(CapacityReservationId=identifier)
    assert machines.shown(identifier)["State"] == "cancelled"
    assert machines.held() == 2
    for call in (ec2.cancel_capacity_reservation, ec2.modify_capacity_reservation):
        assert refused(call, CapacityReservationId=identifier) == "IncorrectState"
        assert refused(call, CapacityReservationId=BLOCK) == "IncorrectState"


def test_what_runs_in_a_reservation_with_an_end_runs_on(machines):
    machines.ec2.create_capacity_reservation(
        InstanceType="p5.48xlarge",
        InstancePlatform="Linux/UNIX",
        AvailabilityZone=ZONE,
        InstanceCount=2,
        EndDate=OPENS,
        EndDateType="limited",
    )
    assert machines.take(2) is None
    machines.to(OPENS)
    assert machines.held() == 2
    assert machines.ec2.describe_capacity_reservations()["CapacityReservations"][0]["State"] == "expired"


def test_a_reservation_can_be_made_in_a_placement_group(machines):
    ec2 = machines.ec2
    made = [
        ec2.create_placement_group(GroupName=name, Strategy=name)["PlacementGroup"] for name in ("cluster", "spread")
    ]
    given = {
        "InstanceType": "p5.48xlarge",
        "InstancePlatform": "Linux/UNIX",
        "AvailabilityZone": ZONE,
        "InstanceCount": 1,
    }
    close, apart = (given | {"PlacementGroupArn": each["GroupArn"]} for each in made)
    identifier = ec2.create_capacity_reservation(**close)["CapacityReservation"]["CapacityReservationId"]
    assert machines.take(1, reservation=identifier) == "ReservationCapacityExceeded"
    assert machines.take(1, reservation=identifier, placement_group="cluster") is None
    assert machines.cloud.refused(ec2.create_capacity_reservation, **apart) == "InvalidParameterValue"


def test_a_shortage_is_of_a_type_in_a_zone_until_it_is_over(machines):
    machines.cloud.fault(kind="shortage", instance_type="p5.*", zone=ZONE)
    machines.cloud.fault(kind="shortage", instance_type="g6.*", times=1)
    machines.seed(reserved(TARGETED, "targeted"))
    assert machines.take(1) == "InsufficientInstanceCapacity"
    assert machines.take(1, reservation=TARGETED) == "InsufficientInstanceCapacity"
    assert machines.take(1, zone=f"{REGION}b") is None
    assert machines.take(1, instance_type="p5en.48xlarge") is None
    assert [machines.take(1, instance_type="g6.48xlarge") for _ in range(2)] == ["InsufficientInstanceCapacity", None]
    given = {"InstanceType": "p5.48xlarge", "InstancePlatform": "Linux/UNIX", "InstanceCount": 1}
    create = machines.ec2.create_capacity_reservation
    assert machines.cloud.refused(create, AvailabilityZone=ZONE, **given) == "InsufficientInstanceCapacity"
    seed.images(
        machines.cloud.endpoint,
        machines.cloud.account,
        REGION,
        [{"id": "ami-0123456789abcdef0", "architecture": "x86_64"}],
    )
    launch = {
        "ImageId": "ami-0123456789abcdef0",
        "InstanceType": "p5.48xlarge",
        "Placement": {"AvailabilityZone": ZONE},
    }
    assert (
        machines.cloud.refused(machines.ec2.run_instances, MinCount=1, MaxCount=1, **launch)
        == "InsufficientInstanceCapacity"
    )
    machines.cloud.server.faults.clear()
    assert machines.take(1) is None


def test_a_shortage_touches_no_other_call(machines):
    machines.cloud.fault(kind="shortage")
    machines.ec2.describe_vpcs()
    assert machines.cloud.server.faults.wire()[0]["struck"] == 0


def test_a_granted_quota_is_enforced_and_shown(machines):
    cloud, quotas = machines.cloud, machines.cloud.client("service-quotas", region=REGION)
    asked = {"ServiceCode": "ec2", "QuotaCode": "L-417A185B"}
    assert quotas.get_service_quota(**asked)["Quota"]["Value"] == 0
    assert machines.take(1, "before") is None
    seed.quotas(cloud.endpoint, cloud.account, REGION, {"L-417A185B": 192 * 4, "L-C4BD4855": 192})
    shown = {each["QuotaCode"]: each["Value"] for each in quotas.list_service_quotas(ServiceCode="ec2")["Quotas"]}
    assert (shown["L-417A185B"], shown["L-1216C47A"]) == (768, 5)
    assert quotas.get_service_quota(**asked)["Quota"]["QuotaName"] == "Running On-Demand P instances"
    assert quotas.get_aws_default_service_quota(**asked)["Quota"]["Value"] == 0
    assert machines.take(2) is None
    # What an On-Demand reservation holds counts too; a block does not.
    machines.seed(reserved(TARGETED, "targeted", 1), block())
    assert machines.take(1) == "VcpuLimitExceeded"
    assert machines.take(1, reservation=TARGETED) is None
    assert [machines.take(1, market="spot") for _ in range(2)] == [None, "MaxSpotInstanceCountExceeded"]
    assert machines.take(1, instance_type="g6.48xlarge") is None
    assert cloud.refused(quotas.get_service_quota, ServiceCode="ec2", QuotaCode="L-0") == "NoSuchResourceException"


def test_offers_are_the_same_by_name_by_id_and_at_launch(machines):
    ec2, ids = machines.ec2, zone_ids(REGION)
    zones = {each["ZoneName"]: each["ZoneId"] for each in ec2.describe_availability_zones()["AvailabilityZones"]}
    assert zones == ids

    def offers(kind, *types):
        filters = [{"Name": "instance-type", "Values": list(types)}]
        found = ec2.describe_instance_type_offerings(LocationType=kind, Filters=filters)["InstanceTypeOfferings"]
        return {(each["InstanceType"], each["Location"]) for each in found}

    types = ("p5.48xlarge", "hpc6a.48xlarge", "p6-b300.48xlarge", "m7i.large")
    by_name = offers("availability-zone", *types)
    assert {(name, ids[zone]) for name, zone in by_name} == offers("availability-zone-id", *types)
    assert by_name == {(name, zone) for name in types for zone in offering_zones(REGION, name)}
    assert offers("region", "p6-b300.48xlarge", "m7i.large") == {("m7i.large", REGION)}
    assert machines.take(1, instance_type="hpc6a.48xlarge") == "Unsupported"
    assert machines.take(1, instance_type="p6-b300.48xlarge") == "Unsupported"
    assert machines.take(1, instance_type="p5.huge") == "InvalidParameterValue"
    assert machines.take(1, zone="us-west-2a") == "InvalidParameterValue"
    described = ec2.describe_instance_types
    assert described(InstanceTypes=["p5.48xlarge"])["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"] == 192
    assert machines.cloud.refused(described, InstanceTypes=["p6-b300.48xlarge"]) == "InvalidInstanceType"


def test_placement_groups(machines):
    ec2, refused = machines.ec2, machines.cloud.refused
    tags = [{"ResourceType": "placement-group", "Tags": [{"Key": "team", "Value": "ml"}]}]
    made = ec2.create_placement_group(GroupName="close", Strategy="cluster", TagSpecifications=tags)["PlacementGroup"]
    ec2.create_placement_group(GroupName="apart", Strategy="partition", PartitionCount=3)
    assert ec2.create_placement_group(GroupName="far", Strategy="spread")["PlacementGroup"]["SpreadLevel"] == "rack"
    assert ec2.describe_placement_groups(GroupIds=[made["GroupId"]])["PlacementGroups"] == [made]
    ec2.delete_tags(Resources=[made["GroupId"]], Tags=[{"Key": "team"}])
    ec2.create_tags(Resources=[made["GroupId"]], Tags=[{"Key": "owner", "Value": "hpc"}])
    filters = [{"Name": "tag:owner", "Values": ["h*"]}, {"Name": "strategy", "Values": ["cluster"]}]
    found = ec2.describe_placement_groups(Filters=filters)["PlacementGroups"]
    assert [(each["GroupName"], each["Tags"]) for each in found] == [("close", [{"Key": "owner", "Value": "hpc"}])]
    assert machines.take(1, placement_group="close") is None
    assert refused(ec2.delete_placement_group, GroupName="close") == "InvalidPlacementGroup.InUse"
    machines.give_back()
    ec2.delete_placement_group(GroupName="close")
    assert refused(ec2.delete_placement_group, GroupName="close") == "InvalidPlacementGroup.Unknown"
    assert refused(ec2.create_tags, Resources=[made["GroupId"]], Tags=[{"Key": "a", "Value": "b"}]) == "InvalidID"
    machines.seed(reserved(HOMED, "targeted", placement_group="home"))
    assert refused(ec2.delete_placement_group, GroupName="home") == "InvalidPlacementGroup.InUse"


@pytest.mark.parametrize(
    ("item", "where"),
    [
        (reserved("cr-1", "open"), "reservations[0].id"),
        ({"kind": "open", "count": 1} | P5, "reservations[0].id"),
        (reserved(OPEN, "closed"), "reservations[0].kind"),
        (reserved(OPEN, "open", 0), "reservations[0].count"),
        (reserved(OPEN, "open", zone="us-west-2a"), "reservations[0].instance_type"),
        (reserved(OPEN, "open", instance_type="hpc6a.48xlarge"), "reservations[0].instance_type"),
        (reserved(OPEN, "open", colour="red"), "reservations[0].colour"),
        (reserved(OPEN, "capacity-block", start=OPENS), "reservations[0].end"),
        (reserved(OPEN, "capacity-block", start=OPENS, end=OPENS + timedelta(minutes=30)), "reservations[0].end"),
        (reserved(OPEN, "capacity-block", start="soon", end=CLOSES), "reservations[0].start"),
    ],
)
def test_what_cannot_be_reserved_is_not_seeded(machines, item, where):
    with pytest.raises(InvalidInputError) as caught:
        machines.seed(item, reserved(TARGETED, "targeted"))
    assert where in str(caught.value)
    assert machines.ec2.describe_capacity_reservations()["CapacityReservations"] == []


def test_what_else_cannot_be_seeded(machines):
    cloud = machines.cloud
    for seeding, items, where in (
        (seed.images, [{"id": "image", "architecture": "x86_64"}], "images[0].id"),
        (seed.images, [{"id": "ami-0123456789abcdef0", "architecture": "risc"}], "images[0].architecture"),
        (seed.quotas, {"L-0": 1}, "quotas.L-0"),
        (seed.quotas, {"L-417A185B": -1}, "quotas.L-417A185B"),
    ):
        with pytest.raises(InvalidInputError) as caught:
            seeding(cloud.endpoint, cloud.account, REGION, items)
        assert where in str(caught.value)
    with pytest.raises(InvalidInputError, match="time zone"):
        seed.clock(cloud.endpoint, datetime(2027, 1, 1))  # noqa: DTZ001 - that is what is refused


def test_images_keep_their_architecture_and_their_volumes(machines):
    cloud, ec2 = machines.cloud, machines.ec2
    image = {"id": "ami-0123456789abcdef0", "architecture": "arm64", "size_gib": 30, "name": "gpu"}
    seed.images(cloud.endpoint, cloud.account, REGION, [image])
    volumes = [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 40, "VolumeType": "gp3"}}]
    tags = [{"ResourceType": "image", "Tags": [{"Key": "recipe", "Value": "1a2b"}]}]
    given = {"Name": "own", "Architecture": "arm64", "RootDeviceName": "/dev/sda1", "VirtualizationType": "hvm"}
    made = ec2.register_image(**given, BlockDeviceMappings=volumes, TagSpecifications=tags)["ImageId"]
    seeded, own = ec2.describe_images(ImageIds=[image["id"], made])["Images"]
    assert (seeded["Architecture"], seeded["Name"]) == ("arm64", "gpu")
    assert seeded["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 30
    assert {key: own[key] for key in given} == given
    assert (own["BlockDeviceMappings"], own["Tags"]) == (volumes, tags[0]["Tags"])
    assert cloud.refused(ec2.register_image, **given) == "InvalidAMIName.Duplicate"
