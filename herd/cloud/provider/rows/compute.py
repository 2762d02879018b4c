"""EC2 launch templates and placement groups."""

from __future__ import annotations

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Read, Row, Tags
from herd.cloud.provider.rows.common import ec2_arn, ec2_find, ec2_tags
from herd.cloud.provider.scope import Scope

# Inputs that are part of a version's content -> the member that holds each.
CONTENT = {
    "blockDeviceMappings": "BlockDeviceMappings",
    "capacityReservationSpecification": "CapacityReservationSpecification",
    "cpuOptions": "CpuOptions",
    "creditSpecification": "CreditSpecification",
    "disableApiStop": "DisableApiStop",
    "disableApiTermination": "DisableApiTermination",
    "ebsOptimized": "EbsOptimized",
    "enclaveOptions": "EnclaveOptions",
    "hibernationOptions": "HibernationOptions",
    "iamInstanceProfile": "IamInstanceProfile",
    "imageId": "ImageId",
    "instanceInitiatedShutdownBehavior": "InstanceInitiatedShutdownBehavior",
    "instanceMarketOptions": "InstanceMarketOptions",
    "instanceRequirements": "InstanceRequirements",
    "instanceType": "InstanceType",
    "kernelId": "KernelId",
    "keyName": "KeyName",
    "licenseSpecifications": "LicenseSpecifications",
    "maintenanceOptions": "MaintenanceOptions",
    "metadataOptions": "MetadataOptions",
    "monitoring": "Monitoring",
    "networkInterfaces": "NetworkInterfaces",
    "networkPerformanceOptions": "NetworkPerformanceOptions",
    "placement": "Placement",
    "privateDnsNameOptions": "PrivateDnsNameOptions",
    "ramDiskId": "RamDiskId",
    "securityGroupNames": "SecurityGroups",
    "tagSpecifications": "TagSpecifications",
    "userData": "UserData",
    "vpcSecurityGroupIds": "SecurityGroupIds",
}
NAMES = {name: f"LaunchTemplateData.{member}" for name, member in CONTENT.items()} | {
    "name": "LaunchTemplateName",
    "description": "VersionDescription",
    "defaultVersion": "DefaultVersionNumber",
    "latestVersion": "LatestVersionNumber",
    "networkInterfaces.securityGroups": "Groups",
    "networkInterfaces.ipv4AddressCount": "SecondaryPrivateIpAddressCount",
    # A list of addresses here, of structures there: not converted, and said to be only recorded.
    "networkInterfaces.ipv4Addresses": "",
    "networkInterfaces.ipv6Addresses": "",
    "networkInterfaces.ipv4Prefixes": "",
    "networkInterfaces.ipv6Prefixes": "",
}
VERSIONED = (*CONTENT, "description")


def _latest(_scope: Scope) -> str:
    return "$Latest"


def _with_data(_scope: Scope, params: dict[str, object]) -> None:
    """EC2 wants the content of a template even where it is empty."""
    params.setdefault("LaunchTemplateData", {})


def _set_default(scope: Scope) -> None:
    """The default version moves when the program says so; at creation the first one is it."""
    found = scope.run("describe_launch_templates", LaunchTemplateIds=[scope.id])["LaunchTemplates"][0]
    wanted = scope.inputs.get("defaultVersion")
    if scope.inputs.get("updateDefaultVersion"):
        wanted = found["LatestVersionNumber"]
    if wanted and wanted != found["DefaultVersionNumber"]:
        scope.run("modify_launch_template", LaunchTemplateId=scope.id, DefaultVersion=str(wanted))


LAUNCH_TEMPLATE = Row(
    type="aws:ec2/launchTemplate:LaunchTemplate",
    service="ec2",
    create=Call("create_launch_template", takes=None, finish=_with_data),
    id="$result.LaunchTemplate.LaunchTemplateId",
    reads=(
        Read(
            Call("describe_launch_templates", {"LaunchTemplateIds": ["$id"]}),
            "LaunchTemplates[0]",
            only=("name", "defaultVersion", "latestVersion"),
        ),
        Read(
            Call("describe_launch_template_versions", {"LaunchTemplateId": "$id", "Versions": [_latest]}),
            "LaunchTemplateVersions[0]",
            only=VERSIONED,
        ),
    ),
    updates=(
        Change(
            VERSIONED,
            (Call("create_launch_template_version", {"LaunchTemplateId": "$id"}, takes=VERSIONED, finish=_with_data),),
        ),
        Change((*VERSIONED, "defaultVersion", "updateDefaultVersion"), _set_default),
    ),
    delete=(Call("delete_launch_template", {"LaunchTemplateId": "$id"}),),
    names=NAMES,
    outputs={"arn": ec2_arn("launch-template")},
    name=AutoName(longest=125),
    tags=ec2_tags("launch-template"),
    ordered=("networkInterfaces",),
    volatile=("latestVersion", "defaultVersion"),
    fixed=("updateDefaultVersion",),
    token="ClientToken",  # noqa: S106 - the name of a parameter
    natural=True,
    find=ec2_find(
        "describe_launch_templates", "LaunchTemplates[].LaunchTemplateId", {"launch-template-name": "$inputs.name"}
    ),
)

PLACEMENT_GROUP = Row(
    type="aws:ec2/placementGroup:PlacementGroup",
    service="ec2",
    create=Call("create_placement_group", takes=None),
    id="$inputs.name",
    reads=(
        Read(
            Call("describe_placement_groups", {"GroupNames": ["$id"]}),
            "PlacementGroups[0]",
            {"arn": "GroupArn", "placementGroupId": "GroupId"},
        ),
    ),
    delete=(Call("delete_placement_group", {"GroupName": "$id"}),),
    names={"name": "GroupName"},
    name=AutoName(),
    tags=Tags(
        create="TagSpecifications",
        spec="placement-group",
        tag="create_tags",
        untag="delete_tags",
        owner=("Resources", "$state.placementGroupId"),
        keys_param="Tags",
        keys_form="pairs",
    ),
    natural=True,
    find=ec2_find("describe_placement_groups", "PlacementGroups[].GroupName", {"group-name": "$inputs.name"}),
    gone=lambda found: found.get("State") in {"deleting", "deleted"},
)

ROWS = (LAUNCH_TEMPLATE, PLACEMENT_GROUP)
