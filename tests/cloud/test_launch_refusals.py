"""What EC2 refuses to launch, in its own words; a template of the same content is taken, with the same as a warning."""

import base64
import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from herd.cloud import seed
from herd.cloud.extensions._ec2_templates import template_problems

REGION = "us-east-2"  # it has all the machines that these tests want
IMAGE, ARM = "ami-0123456789abcdef0", "ami-0fedcba9876543210"
TARGETED, OTHER, BLOCK, GROUPED = (f"cr-{digit * 17}" for digit in "1234")
ENA = {"NetworkCardIndex": 0, "DeviceIndex": 0, "InterfaceType": "interface"}
EFA = {"NetworkCardIndex": 1, "DeviceIndex": 0, "InterfaceType": "efa-only"}
P5 = {"ImageId": IMAGE, "InstanceType": "p5.48xlarge"}
MISSING = {
    "group": "sg-0123456789abcdef0",
    "subnet": "subnet-0123456789abcdef0",
    "key": "arn:aws:kms:us-east-2:111122223333:key/11111111-2222-3333-4444-555555555555",
}


def on(card, device, kind="efa-only", **more):
    return {"NetworkCardIndex": card, "DeviceIndex": device, "InterfaceType": kind, **more}


def aim(reservation, market=None):
    target = {"CapacityReservationSpecification": {"CapacityReservationTarget": {"CapacityReservationId": reservation}}}
    return target | ({"InstanceMarketOptions": {"MarketType": market}} if market else {})


def disk(**volume):
    return {
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "gp3", "VolumeSize": 300} | volume}]
    }


# what is wrong -> (code, content on top of P5)
REFUSALS = {
    # image and type
    "an image that isn't there": ("InvalidAMIID.NotFound", {"ImageId": "ami-0aaaaaaaaaaaaaaaa"}),
    "an image's name in place of its id": ("InvalidAMIID.Malformed", {"ImageId": "eks-gpu"}),
    "an image for another architecture": ("InvalidParameterValue", {"ImageId": ARM}),
    "a type by another name": ("InvalidParameterValue", {"InstanceType": "p5.huge"}),
    # network cards
    "two interfaces in one place": ("InvalidParameterValue", {"NetworkInterfaces": [ENA, EFA, EFA]}),
    "an interface nowhere": ("InvalidParameterValue", {"NetworkInterfaces": [{"InterfaceType": "interface"}]}),
    "no first interface": ("InvalidParameterValue", {"NetworkInterfaces": [on(1, 0)]}),
    "a device beyond the card": ("InvalidParameterValue", {"NetworkInterfaces": [ENA, on(2, 2)]}),
    "a card beyond the machine": ("InvalidParameterValue", {"NetworkInterfaces": [ENA, on(32, 0)]}),
    "EFA alone in the first place": ("InvalidParameterCombination", {"NetworkInterfaces": [on(0, 0)]}),
    "two EFA interfaces on a card": ("AttachmentLimitExceeded", {"NetworkInterfaces": [ENA, on(1, 0), on(1, 1)]}),
    "EFA on a card without": (
        "AttachmentLimitExceeded",
        {"InstanceType": "p6-b300.48xlarge", "NetworkInterfaces": [on(0, 0, "efa")]},
    ),
    "EFA on a machine without": (
        "UnsupportedOperation",
        {"InstanceType": "m7i.large", "NetworkInterfaces": [on(0, 0, "efa")]},
    ),
    "more EFA interfaces than the machine takes": (
        "AttachmentLimitExceeded",
        {"InstanceType": "g6.48xlarge", "NetworkInterfaces": [on(0, 0, "efa"), on(0, 1)]},
    ),
    "more interfaces than the machine takes": (
        "InvalidParameterValue",
        {"InstanceType": "m7i.large", "NetworkInterfaces": [on(0, n, "interface") for n in range(4)]},
    ),
    "a public address with several interfaces": (
        "InvalidParameterCombination",
        {"NetworkInterfaces": [ENA | {"AssociatePublicIpAddress": True}, EFA]},
    ),
    "no public address, said of an EFA-only interface": (
        "InvalidParameterCombination",
        {"NetworkInterfaces": [ENA, EFA | {"AssociatePublicIpAddress": False}]},
    ),
    "groups of the machine and of its interfaces": (
        "InvalidParameterCombination",
        {"SecurityGroupIds": ["$group"], "NetworkInterfaces": [ENA]},
    ),
    "a group that isn't there": (
        "InvalidGroup.NotFound",
        {"NetworkInterfaces": [ENA | {"Groups": [MISSING["group"]]}]},
    ),
    "a subnet that isn't there": (
        "InvalidSubnetID.NotFound",
        {"NetworkInterfaces": [ENA | {"SubnetId": MISSING["subnet"]}]},
    ),
    # placement
    "a placement group that isn't there": ("InvalidPlacementGroup.Unknown", {"Placement": {"GroupName": "nowhere"}}),
    "a machine that can't be close to others": (
        "InvalidParameterCombination",
        {"InstanceType": "t3.micro", "Placement": {"GroupName": "close"}},
    ),
    "a partition of a group that has none": (
        "InvalidParameterCombination",
        {"Placement": {"GroupName": "close", "PartitionNumber": 1}},
    ),
    # reservations and markets
    "a reservation that isn't there": ("InvalidCapacityReservationId.NotFound", aim("cr-0aaaaaaaaaaaaaaaa")),
    "a reservation of another type": ("ReservationCapacityExceeded", aim(OTHER)),
    "a reservation in a placement group, from outside it": ("ReservationCapacityExceeded", aim(GROUPED)),
    "a block, as if it were a reservation": ("InvalidParameterValue", aim(BLOCK)),
    "a reservation, as if it were a block": ("InvalidParameterValue", aim(TARGETED, "capacity-block")),
    "a block, and none named": (
        "InvalidParameterCombination",
        {"InstanceMarketOptions": {"MarketType": "capacity-block"}},
    ),
    "a block in a placement group": (
        "InvalidParameterCombination",
        aim(BLOCK, "capacity-block") | {"Placement": {"GroupName": "close"}},
    ),
    "a market that the type isn't sold on": (
        "Unsupported",
        aim(OTHER, "capacity-block") | {"InstanceType": "g6.48xlarge"},
    ),
    "a spot instance in a reservation": ("InvalidParameterCombination", aim(TARGETED, "spot")),
    "spot options without spot": (
        "InvalidParameterCombination",
        {"InstanceMarketOptions": {"MarketType": "capacity-block", "SpotOptions": {"MaxPrice": "1"}}},
    ),
    "a target and a preference": (
        "InvalidParameterCombination",
        {
            "CapacityReservationSpecification": {
                "CapacityReservationPreference": "open",
                "CapacityReservationTarget": {"CapacityReservationId": TARGETED},
            }
        },
    ),
    "tags for spot requests without one": (
        "InvalidParameterCombination",
        {"TagSpecifications": [{"ResourceType": "spot-instances-request", "Tags": [{"Key": "a", "Value": "b"}]}]},
    ),
    # volumes
    "a volume smaller than its image": ("InvalidBlockDeviceMapping", disk(VolumeSize=8)),
    "one device twice": ("InvalidBlockDeviceMapping", {"BlockDeviceMappings": disk()["BlockDeviceMappings"] * 2}),
    "more operations than gp3 has": ("InvalidParameterValue", disk(Iops=90000)),
    "more operations than the size allows": ("InvalidParameterValue", disk(VolumeSize=20, Iops=16000)),
    "more throughput than gp3 has": ("InvalidParameterValue", disk(Iops=80000, Throughput=4000)),
    "more throughput than the operations allow": ("InvalidParameterValue", disk(Iops=3000, Throughput=1000)),
    "throughput of a volume that has none": ("InvalidParameterCombination", disk(VolumeType="gp2", Throughput=250)),
    "a volume of no size": (
        "MissingParameter",
        {"BlockDeviceMappings": [{"DeviceName": "/dev/xvdb", "Ebs": {"VolumeType": "gp3"}}]},
    ),
    "a key for a volume that isn't encrypted": ("InvalidParameterDependency", disk(KmsKeyId=MISSING["key"])),
    "a key that isn't there": ("Client.InternalError", disk(Encrypted=True, KmsKeyId=MISSING["key"])),
    # access
    "a key pair that isn't there": ("InvalidKeyPair.NotFound", {"KeyName": "nobody"}),
    "an instance profile that isn't there": ("InvalidParameterValue", {"IamInstanceProfile": {"Name": "nobody"}}),
}


@pytest.fixture(scope="module")
def world(module_cloud):
    cloud = module_cloud
    cloud.server.reset()
    cloud.ec2 = cloud.client("ec2", region=REGION)
    architectures = [(IMAGE, "x86_64"), (ARM, "arm64")]
    seed.images(
        cloud.endpoint, cloud.account, REGION, [{"id": each, "architecture": name} for each, name in architectures]
    )
    place = {"zone": f"{REGION}a", "count": 2}
    p5, window = {"instance_type": "p5.48xlarge"}, {"start": "2027-01-04T11:30:00Z", "end": "2027-01-06T11:30:00Z"}
    items = [
        {"id": TARGETED, "kind": "targeted"} | p5 | place,
        {"id": OTHER, "kind": "targeted", "instance_type": "g6.48xlarge"} | place,
        {"id": BLOCK, "kind": "capacity-block"} | p5 | place | window,
        {"id": GROUPED, "kind": "targeted", "placement_group": "home"} | p5 | place,
    ]
    seed.reservations(cloud.endpoint, cloud.account, REGION, items)
    cloud.ec2.create_placement_group(GroupName="close", Strategy="cluster")
    vpc = cloud.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    cloud.group = cloud.ec2.create_security_group(VpcId=vpc, GroupName="nodes", Description="d")["GroupId"]
    cloud.subnet = cloud.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]
    return cloud


def content(world, changes):
    merged = P5 | changes
    if merged.get("SecurityGroupIds") == ["$group"]:
        merged["SecurityGroupIds"] = [world.group]
    return merged


@pytest.mark.parametrize("case", REFUSALS)
def test_a_launch_is_refused(world, case):
    code, changes = REFUSALS[case]
    assert world.refused(world.ec2.run_instances, MinCount=1, MaxCount=1, **content(world, changes)) == code


@pytest.mark.parametrize("case", [case for case in REFUSALS if "p5.huge" not in str(REFUSALS[case])])
def test_a_template_of_the_same_content_is_taken_with_a_warning(world, case):
    code, changes = REFUSALS[case]
    name = f"t-{list(REFUSALS).index(case)}"
    made = world.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=content(world, changes))
    assert code in [error["Code"] for error in made["Warning"]["Errors"]]


def test_a_good_launch_is_none_of_these(world):
    interfaces = [ENA | {"Groups": [world.group]}, on(0, 1), *(on(card, 0) for card in range(1, 32))]
    good = {
        "NetworkInterfaces": interfaces,
        "Placement": {"GroupName": "close"},
        "UserData": base64.b64encode(b"x" * 16384).decode(),
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        **disk(Iops=16000, Throughput=2000),
        **aim(TARGETED),
    }
    made = world.ec2.create_launch_template(LaunchTemplateName="good", LaunchTemplateData=P5 | good)
    assert "Warning" not in made
    version = {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"}
    assert world.ec2.run_instances(MinCount=1, MaxCount=1, LaunchTemplate=version)["Instances"]


def test_a_type_is_refused_in_a_zone_that_does_not_offer_it_and_is_told_of_the_others(world):
    aside = P5 | {"InstanceType": "hpc6a.48xlarge", "SubnetId": world.subnet["SubnetId"]}
    with pytest.raises(ClientError, match=r"\(us-east-2a\).* or choosing us-east-2b") as caught:
        world.ec2.run_instances(MinCount=1, MaxCount=1, **aside)
    assert caught.value.response["Error"]["Code"] == "Unsupported"


AT_ONCE = {
    "user data that isn't encoded": ("InvalidUserData.Malformed", {"UserData": "#!/bin/sh\necho hello"}),
    "user data of more than 16 KiB": (
        "InvalidUserData.Malformed",
        {"UserData": base64.b64encode(b"x" * 16385).decode()},
    ),
    "too many hops": ("InvalidParameterValue", {"MetadataOptions": {"HttpPutResponseHopLimit": 65}}),
    "no hops": ("InvalidParameterValue", {"MetadataOptions": {"HttpPutResponseHopLimit": 0}}),
    "tags of something that isn't launched": (
        "InvalidParameterValue",
        {"TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]},
    ),
}


@pytest.mark.parametrize("case", AT_ONCE)
def test_a_template_is_refused_at_once(world, case):
    code, data = AT_ONCE[case]
    create, version = world.ec2.create_launch_template, world.ec2.create_launch_template_version
    assert world.refused(create, LaunchTemplateName="never", LaunchTemplateData=data) == code
    found = world.ec2.describe_launch_templates(Filters=[{"Name": "launch-template-name", "Values": ["never"]}])
    assert found["LaunchTemplates"] == []
    name = f"held-{list(AT_ONCE).index(case)}"
    held = create(LaunchTemplateName=name, LaunchTemplateData=P5)["LaunchTemplate"]["LaunchTemplateId"]
    assert world.refused(version, LaunchTemplateId=held, LaunchTemplateData=data) == code


def test_a_template_is_found_by_id_name_and_version_or_not_at_all(world):
    ec2 = world.ec2
    held = ec2.create_launch_template(LaunchTemplateName="found", LaunchTemplateData=P5)["LaunchTemplate"]
    describe, own = ec2.describe_launch_template_versions, {"LaunchTemplateId": held["LaunchTemplateId"]}
    assert world.refused(ec2.create_launch_template, LaunchTemplateName="found", LaunchTemplateData=P5) == (
        "InvalidLaunchTemplateName.AlreadyExistsException"
    )
    assert world.refused(describe, LaunchTemplateId="lt-0123456789abcdef0") == "InvalidLaunchTemplateId.NotFound"
    assert world.refused(describe, LaunchTemplateId="found") == "InvalidLaunchTemplateId.Malformed"
    assert world.refused(describe, LaunchTemplateName="lost") == "InvalidLaunchTemplateName.NotFoundException"
    assert world.refused(describe, **own, Versions=["2"]) == "InvalidLaunchTemplateId.VersionNotFound"
    aim_at = {**own, "Version": "7"}
    refused = world.refused(ec2.run_instances, MinCount=1, MaxCount=1, LaunchTemplate=aim_at)
    assert refused == "InvalidLaunchTemplateId.VersionNotFound"


def test_a_version_is_what_was_given_on_top_of_its_source_and_can_be_deleted(world):
    ec2 = world.ec2
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}]
    own_tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "owner", "Value": "ml"}]}]
    first = P5 | {"TagSpecifications": tags}
    held = ec2.create_launch_template(
        LaunchTemplateName="versions", LaunchTemplateData=first, TagSpecifications=own_tags
    )
    own = {"LaunchTemplateId": held["LaunchTemplate"]["LaunchTemplateId"]}
    ec2.create_launch_template_version(**own, LaunchTemplateData={"KeyName": "k"}, SourceVersion="1")
    ec2.create_launch_template_version(**own, LaunchTemplateData={"UserData": "aGk="})

    def data(version):
        return ec2.describe_launch_template_versions(**own, Versions=[version])["LaunchTemplateVersions"][0][
            "LaunchTemplateData"
        ]

    assert (data("1"), data("2"), data("$Latest")) == (first, first | {"KeyName": "k"}, {"UserData": "aGk="})
    assert data("$Default") == first
    answer = ec2.delete_launch_template_versions(**own, Versions=["1", "2", "9"])
    codes = [each["ResponseError"]["Code"] for each in answer["UnsuccessfullyDeletedLaunchTemplateVersions"]]
    assert codes == ["unexpectedError", "launchTemplateVersionDoesNotExist"]
    assert world.refused(ec2.describe_launch_template_versions, **own, Versions=["2"]) == (
        "InvalidLaunchTemplateId.VersionNotFound"
    )
    assert len(ec2.describe_launch_template_versions(**own)["LaunchTemplateVersions"]) == 2
    ec2.create_tags(Resources=[own["LaunchTemplateId"]], Tags=[{"Key": "owner", "Value": "hpc"}])
    shown = ec2.describe_launch_templates(LaunchTemplateIds=[own["LaunchTemplateId"]])["LaunchTemplates"][0]
    assert shown["Tags"] == [{"Key": "owner", "Value": "hpc"}]


@pytest.mark.parametrize(("way", "lets"), [("", False), ("policy", True), ("grant", True)])
def test_auto_scaling_must_be_let_use_the_keys_of_volumes(world, way, lets):
    role = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    linked, root = (f"arn:aws:iam::{world.account}:{path}" for path in (role, "root"))
    kms, named = world.client("kms", region=REGION), [root, *([linked] if way == "policy" else [])]
    allow = {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    key = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    if way == "grant":
        kms.create_grant(KeyId=key, GranteePrincipal=linked, Operations=["Decrypt"])
    call = SimpleNamespace(account=world.account, region=REGION)
    document = P5 | disk(Encrypted=True, KmsKeyId=key)
    refusal = template_problems(call, document)
    assert (refusal is None) == lets
    # Whoever calls EC2 has rights of their own on keys.
    assert template_problems(call, document, by_scaling=False) is None
