"""Builds: at once, and only as far as AMIs that can be named: no command of a component runs here.

A build makes an encrypted AMI in every region of the distribution, tagged, shared or copied; or ends FAILED with AWS's
kind of reason, where the real one would fail on the way.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from components.hardware.catalogue import find_type
from herd.cloud import world
from herd.cloud.extensions import _ec2_images
from herd.cloud.extensions._imagebuilder_held import Thing, arn, find, held, now
from herd.cloud.state import store
from herd.cloud.wire import Call

BUILD_DATE = "{{ imagebuilder:buildDate }}"
CREATOR = {"CreatedBy": "EC2 Image Builder"}
CROSS_ACCOUNT_ROLE = "EC2ImageBuilderDistributionCrossAccountRole"


def build(call: Call, settings: Mapping[str, Any], tags: Mapping[str, str], pipeline: str | None = None) -> Thing:
    """Build an image as `settings` (of CreateImage or of a pipeline) say; the image, available or failed."""
    recipe = find(call, "image-recipe", settings["imageRecipeArn"])
    infrastructure = find(call, "infrastructure-configuration", settings["infrastructureConfigurationArn"])
    named = settings.get("distributionConfigurationArn")
    distribution = find(call, "distribution-configuration", named) if named else None
    version = arn(call, "image", recipe["name"], recipe["version"])
    number = 1 + max(
        (int(key.rpartition("/")[2]) for key in held(call, "image") if key.startswith(f"{version}/")), default=0
    )
    identifier = f"{version}/{number}"
    image: Thing = {
        "arn": identifier,
        "type": "AMI",
        "name": recipe["name"],
        "version": f"{recipe['version']}/{number}",
        "platform": "Linux",
        "owner": call.account,
        "enhancedImageMetadataEnabled": settings.get("enhancedImageMetadataEnabled", True),
        "imageTestsConfiguration": settings.get("imageTestsConfiguration")
        or {"imageTestsEnabled": True, "timeoutMinutes": 720},
        "imageScanningConfiguration": settings.get("imageScanningConfiguration"),
        "imageRecipe": recipe,
        "infrastructureConfiguration": dict(infrastructure),
        "distributionConfiguration": dict(distribution) if distribution else None,
        "sourcePipelineArn": pipeline,
        "dateCreated": now(),
        "buildType": "USER_INITIATED",
        "imageSource": "CUSTOM",
        "outputResources": {},
        "tags": dict(tags),
    }
    held(call, "image")[identifier] = image
    distributions = (distribution or {}).get("distributions") or [{"region": call.region}]
    reason = next(_obstacles(call, recipe, infrastructure, distributions), None)
    if reason:
        image["state"] = {"status": "FAILED", "reason": reason}
        return image
    amis = [ami for each in distributions for ami in _distribute(call, image, each)]
    image["state"] = {"status": "AVAILABLE"}
    image["outputResources"] = {"amis": amis}
    return image


def _obstacles(call: Call, recipe: Thing, infrastructure: Thing, distributions: list[dict[str, Any]]) -> Iterator[str]:
    """Why a build would fail: its machines, its volumes, its keys, the accounts it goes to."""
    parent = _parent(call, recipe)
    if parent is None:
        yield f"Error launching instance: the image id '[{recipe['parentImage']}]' does not exist"
        return
    for name in infrastructure.get("instanceTypes") or []:
        machine = find_type(name)
        if machine and parent["Architecture"] not in machine.architectures:
            yield (
                f"Error launching instance: the architecture '{','.join(machine.architectures)}' of {name} "
                f"does not match the architecture '{parent['Architecture']}' of the specified AMI"
            )
    yield from _volume_obstacles(call, recipe, parent)
    for each in distributions:
        settings = each.get("amiDistributionConfiguration") or {}
        key = settings.get("kmsKeyId")
        if key and not (
            world.key_exists(call, key) and (not key.startswith("arn:") or key.split(":")[3] == each["region"])
        ):
            yield f"Distribution to {each['region']} failed: the KMS key {key} does not exist there or is not enabled"
        for account in settings.get("targetAccountIds") or []:
            role = f"arn:{world.partition(call.region)}:iam::{account}:role/{CROSS_ACCOUNT_ROLE}"
            if account != call.account and not world.role_exists(call, role):
                yield f"Distribution failed: not authorized to perform sts:AssumeRole on {role}"


def _volume_obstacles(call: Call, recipe: Thing, parent: Mapping[str, Any]) -> Iterator[str]:
    least = {each["DeviceName"]: each["Ebs"]["VolumeSize"] for each in parent["BlockDeviceMappings"] if "Ebs" in each}
    for each in recipe.get("blockDeviceMappings") or []:
        device, volume = each.get("deviceName"), each.get("ebs") or {}
        if (volume.get("volumeSize") or 16000) < least.get(device, 0):
            yield (
                f"Error launching instance: volume of size {volume['volumeSize']}GB is smaller than snapshot, "
                f"expect size >= {least[device]}GB"
            )
        if volume.get("kmsKeyId") and not world.key_exists(call, volume["kmsKeyId"]):
            yield f"Error launching instance: the KMS key {volume['kmsKeyId']} does not exist or is not enabled"


def _parent(call: Call, recipe: Thing) -> dict[str, Any] | None:
    """What a machine started from the recipe's parent is; None if the parent is gone."""
    identifier = ami_of(call, recipe["parentImage"])
    return _ec2_images.image(call, identifier) if identifier in world.ec2(call).amis else None


def ami_of(call: Call, parent: str) -> str:
    """The AMI that a recipe's parent stands for: an AMI, an image of Image Builder's; empty if there is none."""
    if not parent.startswith("arn:"):
        return parent
    builds = [each for key, each in held(call, "image").items() if key == parent or key.rpartition("/")[0] == parent]
    amis = [ami for each in builds for ami in each["outputResources"].get("amis", [])]
    return next((ami["image"] for ami in reversed(amis) if ami["region"] == call.region), "")


def _distribute(call: Call, image: Thing, distribution: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    settings = distribution.get("amiDistributionConfiguration") or {}
    moment = now().replace(":", "-")
    name = settings.get("name", f"{image['name']} {BUILD_DATE}").replace(BUILD_DATE, moment)
    for owner in settings.get("targetAccountIds") or [call.account]:
        identifier = f"ami-{uuid.uuid4().hex[:17]}"
        _make(call, image, identifier, name, owner, distribution["region"], settings)
        yield {
            "region": distribution["region"],
            "image": identifier,
            "name": name,
            "description": settings.get("description"),
            "state": {"status": "AVAILABLE"},
            "accountId": owner,
        }


def _make(  # noqa: PLR0917
    call: Call, image: Thing, identifier: str, name: str, owner: str, region: str, settings: Mapping[str, Any]
) -> None:
    recipe, parent = image["imageRecipe"], _parent(call, image["imageRecipe"]) or {}
    device = parent["RootDeviceName"]
    root: dict[str, Any] = next(
        (each["ebs"] for each in recipe.get("blockDeviceMappings") or [] if each.get("deviceName") == device), {}
    )
    key = settings.get("kmsKeyId") or root.get("kmsKeyId")
    volume = {"Encrypted": True, "KmsKeyId": key} if key or root.get("encrypted") else {}
    tags = {**CREATOR, "Ec2ImageBuilderArn": image["arn"], **(settings.get("amiTags") or {})}
    made = _ec2_images.make_image(
        owner,
        region,
        identifier,
        name,
        parent["Architecture"],
        root_device=device,
        size_gib=root.get("volumeSize") or 20,
        tags=tags,
        **{member: value for member, value in volume.items() if value is not None},
    )
    made.description, made.creation_date = settings.get("description"), world.now()
    made.ebs_snapshot.encrypted = bool(volume)
    made.ebs_snapshot.add_tags(tags)
    for account in (settings.get("launchPermission") or {}).get("userIds") or []:
        _share(made, owner, account, region)


def _share(made: Any, owner: str, account: str, region: str) -> None:
    """Let another account launch an image: it sees the owner's, under the same id."""
    from moto.ec2.models import ec2_backends  # noqa: PLC0415

    made.launch_permissions.append({"UserId": account})
    ec2_backends[account][region].amis[made.id] = made
    volumes = store("ec2.image_volumes", owner, region)[made.id]
    store("ec2.image_volumes", account, region)[made.id] = volumes
