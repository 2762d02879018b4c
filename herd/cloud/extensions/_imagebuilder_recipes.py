"""Image Builder's components and image recipes: never changed, only made and taken away."""

from __future__ import annotations

from herd.cloud import world
from herd.cloud.extensions import handles
from herd.cloud.extensions._imagebuilder_build import ami_of
from herd.cloud.extensions._imagebuilder_documents import component_type
from herd.cloud.extensions._imagebuilder_held import (
    COMPONENT,
    IMAGE,
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
    users,
)
from herd.cloud.wire import Call


@handles("imagebuilder", "CreateComponent")
@idempotent
def _create_component(call: Call) -> Answer:
    data = call.get("data")
    if (data is None) == (call.get("uri") is None):
        raise combination("You must specify exactly one of data and uri.")
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
def _list_componentbuilds(call: Call) -> Answer:
    return builds(call, COMPONENT, "componentVersionArn", "componentSummaryList")


# Recipes


@handles("imagebuilder", "CreateImageRecipe")
@idempotent
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
