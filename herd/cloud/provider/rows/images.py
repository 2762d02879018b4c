"""EC2 Image Builder: components, recipes, configurations, images and pipelines."""

from __future__ import annotations

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Read, Row, Tags, Wait

# A create that is sent again with its token makes no second thing.
TOKEN = "clientToken"  # noqa: S105 - the name of a parameter
LONGEST = 128
"""Longest name that Image Builder takes. Source: its API, ResourceName."""

SPELLING = Tags(
    create="tags", form="map", owner=("resourceArn", "$id"), tags_param="tags", keys_param="tagKeys", read="tags"
)
NAME = AutoName(longest=LONGEST)

COMPONENT = Row(
    type="aws:imagebuilder/component:Component",
    service="imagebuilder",
    create=Call("create_component", takes=None),
    id="$result.componentBuildVersionArn",
    reads=(Read(Call("get_component", {"componentBuildVersionArn": "$id"}), "component", {"version": "version"}),),
    delete=(
        Call(
            "delete_component",
            {"componentBuildVersionArn": "$id"},
            when=lambda scope: not scope.given("skipDestroy"),
        ),
    ),
    names={"version": "semanticVersion"},
    defaults={"skipDestroy": False},
    name=NAME,
    tags=SPELLING,
    never_read=("uri",),
    token=TOKEN,
    natural=True,
    fixed=("skipDestroy",),
)

RECIPE = Row(
    type="aws:imagebuilder/imageRecipe:ImageRecipe",
    service="imagebuilder",
    create=Call("create_image_recipe", takes=None),
    id="$result.imageRecipeArn",
    reads=(Read(Call("get_image_recipe", {"imageRecipeArn": "$id"}), "imageRecipe", {"version": "version"}),),
    delete=(Call("delete_image_recipe", {"imageRecipeArn": "$id"}),),
    names={
        "version": "semanticVersion",
        "systemsManagerAgent": "additionalInstanceConfiguration.systemsManagerAgent",
        "userDataBase64": "additionalInstanceConfiguration.userDataOverride",
    },
    name=NAME,
    tags=SPELLING,
    ordered=("components",),
    token=TOKEN,
    natural=True,
)

INFRASTRUCTURE_INPUTS = (
    "description",
    "instanceMetadataOptions",
    "instanceProfileName",
    "instanceTypes",
    "keyPair",
    "logging",
    "placement",
    "resourceTags",
    "securityGroupIds",
    "snsTopicArn",
    "subnetId",
    "terminateInstanceOnFailure",
)
INFRASTRUCTURE = Row(
    type="aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration",
    service="imagebuilder",
    create=Call("create_infrastructure_configuration", takes=None),
    id="$result.infrastructureConfigurationArn",
    reads=(
        Read(
            Call("get_infrastructure_configuration", {"infrastructureConfigurationArn": "$id"}),
            "infrastructureConfiguration",
        ),
    ),
    updates=(
        Change(
            INFRASTRUCTURE_INPUTS,
            (
                Call(
                    "update_infrastructure_configuration",
                    {"infrastructureConfigurationArn": "$id"},
                    takes=INFRASTRUCTURE_INPUTS,
                ),
            ),
        ),
    ),
    delete=(Call("delete_infrastructure_configuration", {"infrastructureConfigurationArn": "$id"}),),
    defaults={"terminateInstanceOnFailure": False},
    name=NAME,
    tags=SPELLING,
    token=TOKEN,
    natural=True,
)

DISTRIBUTION_INPUTS = ("description", "distributions")
DISTRIBUTION = Row(
    type="aws:imagebuilder/distributionConfiguration:DistributionConfiguration",
    service="imagebuilder",
    create=Call("create_distribution_configuration", takes=None),
    id="$result.distributionConfigurationArn",
    reads=(
        Read(
            Call("get_distribution_configuration", {"distributionConfigurationArn": "$id"}),
            "distributionConfiguration",
        ),
    ),
    updates=(
        Change(
            DISTRIBUTION_INPUTS,
            (
                Call(
                    "update_distribution_configuration",
                    {"distributionConfigurationArn": "$id"},
                    takes=DISTRIBUTION_INPUTS,
                ),
            ),
        ),
    ),
    delete=(Call("delete_distribution_configuration", {"distributionConfigurationArn": "$id"}),),
    name=NAME,
    tags=SPELLING,
    token=TOKEN,
    natural=True,
)

USES = {
    "imageRecipeArn": "imageRecipe.arn",
    "infrastructureConfigurationArn": "infrastructureConfiguration.arn",
    "distributionConfigurationArn": "distributionConfiguration.arn",
}
IMAGE = Row(
    type="aws:imagebuilder/image:Image",
    service="imagebuilder",
    create=Call("create_image", takes=None),
    id="$result.imageBuildVersionArn",
    reads=(Read(Call("get_image", {"imageBuildVersionArn": "$id"}), "image", USES),),
    # Taken without an effect: the bridged provider sends tags alone when an image changes.
    updates=(Change(("executionRole", "imageScanningConfiguration"), ()),),
    delete=(Call("delete_image", {"imageBuildVersionArn": "$id"}),),
    defaults={"enhancedImageMetadataEnabled": True},
    tags=SPELLING,
    token=TOKEN,
    natural=True,
    wait=Wait(
        "state.status",
        frozenset({"AVAILABLE"}),
        frozenset({"FAILED", "CANCELLED"}),
        reason=lambda found: str(found["state"].get("reason") or ""),
    ),
)

PIPELINE_INPUTS = (
    "description",
    "distributionConfigurationArn",
    "enhancedImageMetadataEnabled",
    "executionRole",
    "imageRecipeArn",
    "imageScanningConfiguration",
    "imageTestsConfiguration",
    "infrastructureConfigurationArn",
    "schedule",
    "status",
    "workflows",
)
PIPELINE = Row(
    type="aws:imagebuilder/imagePipeline:ImagePipeline",
    service="imagebuilder",
    create=Call("create_image_pipeline", takes=None),
    id="$result.imagePipelineArn",
    reads=(Read(Call("get_image_pipeline", {"imagePipelineArn": "$id"}), "imagePipeline"),),
    updates=(
        Change(
            PIPELINE_INPUTS,
            (Call("update_image_pipeline", {"imagePipelineArn": "$id"}, takes=PIPELINE_INPUTS),),
        ),
    ),
    delete=(Call("delete_image_pipeline", {"imagePipelineArn": "$id"}),),
    defaults={"status": "ENABLED", "enhancedImageMetadataEnabled": True},
    name=NAME,
    tags=SPELLING,
    token=TOKEN,
    natural=True,
)

ROWS = (COMPONENT, RECIPE, INFRASTRUCTURE, DISTRIBUTION, IMAGE, PIPELINE)
