"""EC2 Image Builder, which moto lacks: components, recipes, configurations, images, pipelines.

Strict about what AWS refuses: names taken, things that don't exist or are still used, documents it can't read. Builds
are in `_imagebuilder_build`: they end at once, and run no command.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.hardware.catalogue import find_type
from herd.cloud import world
from herd.cloud.accounts import known_regions
from herd.cloud.errors import AwsError
from herd.cloud.extensions import handles
from herd.cloud.extensions._imagebuilder_build import BUILD_DATE, ami_of, build
from herd.cloud.extensions._imagebuilder_documents import component_type
from herd.cloud.extensions._imagebuilder_held import (
    Thing,
    arn,
    drop,
    find,
    given,
    held,
    invalid,
    keep,
    matches,
    now,
    page,
    referenced,
    tagged,
    users,
)
from herd.cloud.wire import Call

Answer = Mapping[str, Any]
IMAGE, RECIPE, COMPONENT = "image", "image-recipe", "component"
INFRASTRUCTURE, DISTRIBUTION = "infrastructure-configuration", "distribution-configuration"
PIPELINE = "image-pipeline"


def _combination(message: str) -> AwsError:
    return AwsError("InvalidParameterCombinationException", message)


# Components


@handles("imagebuilder", "CreateComponent")
def _create_component(call: Call) -> Answer:
    data = call.get("data")
    if (data is None) == (call.get("uri") is None):
        raise _combination("You must specify exactly one of data and uri.")
    if data is None:
        raise invalid("uri", "The stand-in reads no component documents from S3.")
    key = call.get("kmsKeyId")
    if key and not world.key_exists(call, key):
        raise invalid("kmsKeyId", f"The KMS key {key} does not exist or is not enabled.")
    kind, version = component_type(data), call.params["semanticVersion"]
    prefix = arn(call, COMPONENT, call.params["name"], version)
    # The same name and version again is another build of it.
    number = 1 + sum(key.startswith(f"{prefix}/") for key in held(call, COMPONENT))
    thing = {
        **given(call, "semanticVersion"),
        "version": version,
        "type": kind,
        "owner": call.account,
        "encrypted": True,
        "state": {"status": "ACTIVE"},
    }
    made = keep(call, COMPONENT, f"{prefix}/{number}", thing)
    return {"clientToken": call.get("clientToken"), "componentBuildVersionArn": made["arn"]}


@handles("imagebuilder", "GetComponent")
def _get_component(call: Call) -> Answer:
    return {"component": find(call, COMPONENT, call.params["componentBuildVersionArn"])}


@handles("imagebuilder", "DeleteComponent")
def _delete_component(call: Call) -> Answer:
    identifier = call.params["componentBuildVersionArn"]
    recipes = [
        key
        for key, recipe in held(call, RECIPE).items()
        if identifier in {component["componentArn"] for component in recipe["components"]}
    ]
    drop(call, COMPONENT, identifier, {"image recipes": recipes})
    return {"componentBuildVersionArn": identifier}


@handles("imagebuilder", "ListComponents")
def _list_components(call: Call) -> Answer:
    found = {each["arn"].rpartition("/")[0]: each for each in held(call, COMPONENT).values() if matches(call, each)}
    shown, token = page(call, [{**each, "arn": key} for key, each in found.items()])
    return {"componentVersionList": shown, "nextToken": token}


@handles("imagebuilder", "ListComponentBuildVersions")
def _list_component_builds(call: Call) -> Answer:
    return _builds(call, COMPONENT, "componentVersionArn", "componentSummaryList")


# Recipes


@handles("imagebuilder", "CreateImageRecipe")
def _create_recipe(call: Call) -> Answer:
    version, components = call.params["semanticVersion"], call.get("components") or []
    named = [each["componentArn"] for each in components]
    for each in named:
        find(call, COMPONENT, each, lambda text: invalid("components", text))
    if len(set(named)) < len(named):
        raise invalid("components", "A component can be named only once in a recipe.")
    parent = call.params["parentImage"]
    if parent.startswith("ssm:"):
        raise invalid("parentImage", "The stand-in resolves no parameters: name the AMI by its id.")
    if ami_of(call, parent) not in world.ec2(call).amis:
        raise invalid("parentImage", f"The AMI '{parent}' does not exist in {call.region}, or may not be launched.")
    identifier = arn(call, RECIPE, call.params["name"], version)
    thing = {
        "workingDirectory": "/tmp",  # noqa: S108 - AWS's default
        "components": [],
        **given(call, "semanticVersion"),
        "version": version,
        "type": "AMI",
        "platform": "Linux",
        "owner": call.account,
    }
    made = keep(call, RECIPE, identifier, thing)
    return {"clientToken": call.get("clientToken"), "imageRecipeArn": made["arn"]}


@handles("imagebuilder", "GetImageRecipe")
def _get_recipe(call: Call) -> Answer:
    return {"imageRecipe": find(call, RECIPE, call.params["imageRecipeArn"])}


@handles("imagebuilder", "DeleteImageRecipe")
def _delete_recipe(call: Call) -> Answer:
    identifier = call.params["imageRecipeArn"]
    images = [key for key, each in held(call, IMAGE).items() if each["imageRecipe"]["arn"] == identifier]
    pipelines = users(call, PIPELINE, "imageRecipeArn", identifier)
    drop(call, RECIPE, identifier, {"images": images, "image pipelines": pipelines})
    return {"imageRecipeArn": identifier}


# Configurations


def _check_infrastructure(call: Call) -> None:
    profile, subnet, groups = (
        call.params["instanceProfileName"],
        call.get("subnetId"),
        call.get("securityGroupIds") or [],
    )
    if profile not in _profiles(call):
        raise invalid("instanceProfileName", f"The provided instance profile does not exist: '{profile}'.")
    if subnet and not groups:
        raise _combination("You must specify securityGroupIds when you specify subnetId.")
    if subnet and world.subnet(call, subnet) is None:
        raise invalid("subnetId", f"The subnet ID '{subnet}' does not exist.")
    for group in groups:
        if world.security_group(call, group) is None:
            raise invalid("securityGroupIds", f"The security group '{group}' does not exist.")
    for name in call.get("instanceTypes") or []:
        if find_type(name) is None:
            raise invalid("instanceTypes", f"The instance type '{name}' does not exist.")
    topic = call.get("snsTopicArn")
    if topic and (topic.endswith(".fifo") or topic not in _topics(call)):
        raise invalid("snsTopicArn", f"The SNS topic '{topic}' does not exist, or is no standard topic.")


def _profiles(call: Call) -> set[str]:
    from moto.iam.models import iam_backends  # noqa: PLC0415

    profiles = iam_backends[call.account][world.partition(call.region)].instance_profiles.values()
    return {str(each.name) for each in profiles}


def _topics(call: Call) -> Any:
    from moto.sns.models import sns_backends  # noqa: PLC0415

    return sns_backends[call.account][call.region].topics


@handles("imagebuilder", "CreateInfrastructureConfiguration")
def _create_infrastructure(call: Call) -> Answer:
    _check_infrastructure(call)
    identifier = arn(call, INFRASTRUCTURE, call.params["name"])
    keep(call, INFRASTRUCTURE, identifier, {"terminateInstanceOnFailure": True, **given(call)})
    return {"clientToken": call.get("clientToken"), "infrastructureConfigurationArn": identifier}


@handles("imagebuilder", "UpdateInfrastructureConfiguration")
def _update_infrastructure(call: Call) -> Answer:
    found = find(call, INFRASTRUCTURE, call.params["infrastructureConfigurationArn"])
    _check_infrastructure(call)
    _replace(found, {"terminateInstanceOnFailure": True, **given(call, "infrastructureConfigurationArn")})
    return {"clientToken": call.get("clientToken"), "infrastructureConfigurationArn": found["arn"]}


@handles("imagebuilder", "GetInfrastructureConfiguration")
def _get_infrastructure(call: Call) -> Answer:
    return {"infrastructureConfiguration": find(call, INFRASTRUCTURE, call.params["infrastructureConfigurationArn"])}


@handles("imagebuilder", "DeleteInfrastructureConfiguration")
def _delete_infrastructure(call: Call) -> Answer:
    identifier = call.params["infrastructureConfigurationArn"]
    pipelines = users(call, PIPELINE, "infrastructureConfigurationArn", identifier)
    drop(call, INFRASTRUCTURE, identifier, {"image pipelines": pipelines})
    return {"infrastructureConfigurationArn": identifier}


def _check_distributions(call: Call) -> None:
    regions = [each["region"] for each in call.params["distributions"]]
    for region in regions:
        if region not in known_regions():
            raise invalid("distributions", f"The region '{region}' does not exist.")
    if len(set(regions)) < len(regions):
        raise _combination("A Region can appear at most once in the list of distributions.")
    for each in call.params["distributions"]:
        settings = each.get("amiDistributionConfiguration") or {}
        if "name" in settings and BUILD_DATE not in settings["name"]:
            raise invalid("distributions", f"The AMI name must contain {BUILD_DATE}.")
        if settings.get("targetAccountIds") and (settings.get("launchPermission") or {}).get("userGroups"):
            raise _combination("An AMI can't be copied to accounts and be public.")


@handles("imagebuilder", "CreateDistributionConfiguration")
def _create_distribution(call: Call) -> Answer:
    _check_distributions(call)
    identifier = arn(call, DISTRIBUTION, call.params["name"])
    keep(call, DISTRIBUTION, identifier, {"timeoutMinutes": 720, **given(call)})
    return {"clientToken": call.get("clientToken"), "distributionConfigurationArn": identifier}


@handles("imagebuilder", "UpdateDistributionConfiguration")
def _update_distribution(call: Call) -> Answer:
    found = find(call, DISTRIBUTION, call.params["distributionConfigurationArn"])
    _check_distributions(call)
    _replace(found, {"timeoutMinutes": 720, **given(call, "distributionConfigurationArn")})
    return {"clientToken": call.get("clientToken"), "distributionConfigurationArn": found["arn"]}


@handles("imagebuilder", "GetDistributionConfiguration")
def _get_distribution(call: Call) -> Answer:
    return {"distributionConfiguration": find(call, DISTRIBUTION, call.params["distributionConfigurationArn"])}


@handles("imagebuilder", "DeleteDistributionConfiguration")
def _delete_distribution(call: Call) -> Answer:
    identifier = call.params["distributionConfigurationArn"]
    pipelines = users(call, PIPELINE, "distributionConfigurationArn", identifier)
    drop(call, DISTRIBUTION, identifier, {"image pipelines": pipelines})
    return {"distributionConfigurationArn": identifier}


def _replace(thing: Thing, values: Mapping[str, Any]) -> None:
    """An update replaces the whole: what isn't given is gone. Builds that are over keep what they were made with."""
    fixed = {name: thing[name] for name in ("arn", "name", "dateCreated", "tags")}
    thing.clear()
    thing.update({**values, **fixed, "dateUpdated": now()})


# Images and pipelines


def _check_build(call: Call) -> None:
    if (call.get("imageRecipeArn") is None) == (call.get("containerRecipeArn") is None):
        raise _combination("You must specify exactly one of imageRecipeArn and containerRecipeArn.")
    if call.get("containerRecipeArn"):
        raise invalid("containerRecipeArn", "The stand-in has no container recipes.")
    referenced(call, "imageRecipeArn", RECIPE)
    referenced(call, "infrastructureConfigurationArn", INFRASTRUCTURE)
    if call.get("distributionConfigurationArn"):
        referenced(call, "distributionConfigurationArn", DISTRIBUTION)
    tests, scan = call.get("imageTestsConfiguration") or {}, call.get("imageScanningConfiguration") or {}
    if scan.get("imageScanningEnabled") and tests.get("imageTestsEnabled") is False:
        raise _combination("You must enable image tests to scan images.")


@handles("imagebuilder", "CreateImage")
def _create_image(call: Call) -> Answer:
    tokens = call.objects("image-tokens")
    token = call.params["clientToken"]
    if token not in tokens:
        _check_build(call)
        tokens[token] = build(call, call.params, call.get("tags") or {})["arn"]
    return {"clientToken": token, "imageBuildVersionArn": tokens[token]}


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
def _list_image_builds(call: Call) -> Answer:
    return _builds(call, IMAGE, "imageVersionArn", "imageSummaryList")


def _builds(call: Call, kind: str, parameter: str, member: str) -> Answer:
    version = call.get(parameter)
    found = [
        each
        for key, each in held(call, kind).items()
        if (not version or key.rpartition("/")[0] == version) and matches(call, each)
    ]
    shown, token = page(call, found)
    return {member: shown, "nextToken": token}


@handles("imagebuilder", "CreateImagePipeline")
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
    _replace(found, {**_PIPELINE, **given(call, "imagePipelineArn")})
    return {"clientToken": call.get("clientToken"), "imagePipelineArn": found["arn"]}


@handles("imagebuilder", "GetImagePipeline")
def _get_pipeline(call: Call) -> Answer:
    return {"imagePipeline": find(call, PIPELINE, call.params["imagePipelineArn"])}


@handles("imagebuilder", "DeleteImagePipeline")
def _delete_pipeline(call: Call) -> Answer:
    drop(call, PIPELINE, call.params["imagePipelineArn"], {})
    return {"imagePipelineArn": call.params["imagePipelineArn"]}


@handles("imagebuilder", "StartImagePipelineExecution")
def _start(call: Call) -> Answer:
    found = find(call, PIPELINE, call.params["imagePipelineArn"])
    tokens, token = call.objects("image-tokens"), call.params["clientToken"]
    if token not in tokens:
        tokens[token] = build(call, found, call.get("tags") or {}, pipeline=found["arn"])["arn"]
    return {"clientToken": token, "imageBuildVersionArn": tokens[token]}


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
