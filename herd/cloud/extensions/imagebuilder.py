"""EC2 Image Builder, which moto lacks: images, pipelines, lists, tags; what they are made of has files of its own.

Strict about what AWS refuses: names taken, things that don't exist or are still used, documents it can't read. Builds
are in `_imagebuilder_build`: they end at once, and run no command.
"""

from __future__ import annotations

from herd.cloud.extensions import _imagebuilder_configurations, _imagebuilder_recipes, handles
from herd.cloud.extensions._imagebuilder_build import build
from herd.cloud.extensions._imagebuilder_held import (
    DISTRIBUTION,
    IMAGE,
    INFRASTRUCTURE,
    PIPELINE,
    RECIPE,
    Answer,
    arn,
    builds,
    combination,
    drop,
    find,
    given,
    held,
    idempotent,
    invalid,
    keep,
    matches,
    page,
    referenced,
    replace,
    tagged,
)
from herd.cloud.wire import Call

__all__ = ["_imagebuilder_configurations", "_imagebuilder_recipes"]


def _check_build(call: Call) -> None:
    if (call.get("imageRecipeArn") is None) == (call.get("containerRecipeArn") is None):
        raise combination("You must specify exactly one of imageRecipeArn and containerRecipeArn.")
    if call.get("containerRecipeArn"):
        raise invalid("containerRecipeArn", "The stand-in has no container recipes.")
    referenced(call, "imageRecipeArn", RECIPE)
    referenced(call, "infrastructureConfigurationArn", INFRASTRUCTURE)
    if call.get("distributionConfigurationArn"):
        referenced(call, "distributionConfigurationArn", DISTRIBUTION)
    tests, scan = call.get("imageTestsConfiguration") or {}, call.get("imageScanningConfiguration") or {}
    if scan.get("imageScanningEnabled") and tests.get("imageTestsEnabled") is False:
        raise combination("You must enable image tests to scan images.")


@handles("imagebuilder", "CreateImage")
@idempotent
def _create_image(call: Call) -> Answer:
    _check_build(call)
    made = build(call, call.params, call.get("tags") or {})
    return {"clientToken": call.get("clientToken"), "imageBuildVersionArn": made["arn"]}


@handles("imagebuilder", "GetImage")
def _get_image(call: Call) -> Answer:
    return {"image": find(call, IMAGE, call.params["imageBuildVersionArn"])}


@handles("imagebuilder", "DeleteImage")
def _delete_image(call: Call) -> Answer:
    # The AMIs and their snapshots stay, as on AWS.
    drop(call, IMAGE, call.params["imageBuildVersionArn"], {})
    return {"imageBuildVersionArn": call.params["imageBuildVersionArn"]}


@handles("imagebuilder", "ListImages")
def _list_images(call: Call) -> Answer:
    found = {each["arn"].rpartition("/")[0]: each for each in held(call, IMAGE).values() if matches(call, each)}
    versions = [{**each, "arn": key, "version": each["version"].split("/")[0]} for key, each in found.items()]
    shown, token = page(call, versions)
    return {"imageVersionList": shown, "nextToken": token}


@handles("imagebuilder", "ListImageBuildVersions")
def _list_imagebuilds(call: Call) -> Answer:
    return builds(call, IMAGE, "imageVersionArn", "imageSummaryList")


@handles("imagebuilder", "CreateImagePipeline")
@idempotent
def _create_pipeline(call: Call) -> Answer:
    _check_build(call)
    identifier = arn(call, PIPELINE, call.params["name"])
    keep(call, PIPELINE, identifier, {**_PIPELINE, **given(call)})
    return {"clientToken": call.get("clientToken"), "imagePipelineArn": identifier}


_PIPELINE = {
    "status": "ENABLED",
    "platform": "Linux",
    "enhancedImageMetadataEnabled": True,
    "imageTestsConfiguration": {"imageTestsEnabled": True, "timeoutMinutes": 720},
}


@handles("imagebuilder", "UpdateImagePipeline")
def _update_pipeline(call: Call) -> Answer:
    found = find(call, PIPELINE, call.params["imagePipelineArn"])
    _check_build(call)
    replace(found, {**_PIPELINE, **given(call, "imagePipelineArn")})
    return {"clientToken": call.get("clientToken"), "imagePipelineArn": found["arn"]}


@handles("imagebuilder", "GetImagePipeline")
def _get_pipeline(call: Call) -> Answer:
    return {"imagePipeline": find(call, PIPELINE, call.params["imagePipelineArn"])}


@handles("imagebuilder", "DeleteImagePipeline")
def _delete_pipeline(call: Call) -> Answer:
    drop(call, PIPELINE, call.params["imagePipelineArn"], {})
    return {"imagePipelineArn": call.params["imagePipelineArn"]}


@handles("imagebuilder", "StartImagePipelineExecution")
@idempotent
def _start(call: Call) -> Answer:
    found = find(call, PIPELINE, call.params["imagePipelineArn"])
    made = build(call, found, call.get("tags") or {}, pipeline=found["arn"])
    return {"clientToken": call.get("clientToken"), "imageBuildVersionArn": made["arn"]}


@handles("imagebuilder", "ListImagePipelineImages")
def _pipeline_images(call: Call) -> Answer:
    pipeline = find(call, PIPELINE, call.params["imagePipelineArn"])
    found = [each for each in held(call, IMAGE).values() if each["sourcePipelineArn"] == pipeline["arn"]]
    shown, token = page(call, found)
    return {"imageSummaryList": shown, "nextToken": token}


# Lists and tags

_LISTS = {
    "ListImageRecipes": (RECIPE, "imageRecipeSummaryList"),
    "ListInfrastructureConfigurations": (INFRASTRUCTURE, "infrastructureConfigurationSummaryList"),
    "ListDistributionConfigurations": (DISTRIBUTION, "distributionConfigurationSummaryList"),
    "ListImagePipelines": (PIPELINE, "imagePipelineList"),
}


@handles("imagebuilder", *_LISTS)
def _list(call: Call) -> Answer:
    kind, member = _LISTS[call.operation]
    found = [
        {**each, "regions": [item["region"] for item in each.get("distributions", ())]}
        for each in held(call, kind).values()
        if matches(call, each)
    ]
    shown, token = page(call, found)
    return {member: shown, "nextToken": token}


@handles("imagebuilder", "ListTagsForResource")
def _tags(call: Call) -> Answer:
    return {"tags": tagged(call, call.params["resourceArn"])}


@handles("imagebuilder", "TagResource")
def _tag(call: Call) -> None:
    tagged(call, call.params["resourceArn"]).update(call.params["tags"])


@handles("imagebuilder", "UntagResource")
def _untag(call: Call) -> None:
    tags = tagged(call, call.params["resourceArn"])
    for key in call.params["tagKeys"]:
        tags.pop(key, None)
