"""Image Builder's infrastructure and distribution configurations: an update replaces the whole of one."""

from __future__ import annotations

from typing import Any

from components.hardware.catalogue import find_type
from herd.cloud import world
from herd.cloud.accounts import known_regions
from herd.cloud.extensions import handles
from herd.cloud.extensions._imagebuilder_build import BUILD_DATE
from herd.cloud.extensions._imagebuilder_held import (
    DISTRIBUTION,
    INFRASTRUCTURE,
    PIPELINE,
    Answer,
    arn,
    combination,
    drop,
    find,
    given,
    idempotent,
    invalid,
    keep,
    replace,
    users,
)
from herd.cloud.wire import Call


def _check_infrastructure(call: Call) -> None:
    profile, subnet, groups = (
        call.params["instanceProfileName"],
        call.get("subnetId"),
        call.get("securityGroupIds") or [],
    )
    if profile not in _profiles(call):
        raise invalid("instanceProfileName", f"The provided instance profile does not exist: '{profile}'.")
    if subnet and not groups:
        raise combination("You must specify securityGroupIds when you specify subnetId.")
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
@idempotent
def _create_infrastructure(call: Call) -> Answer:
    _check_infrastructure(call)
    identifier = arn(call, INFRASTRUCTURE, call.params["name"])
    keep(call, INFRASTRUCTURE, identifier, {"terminateInstanceOnFailure": True, **given(call)})
    return {"clientToken": call.get("clientToken"), "infrastructureConfigurationArn": identifier}


@handles("imagebuilder", "UpdateInfrastructureConfiguration")
def _update_infrastructure(call: Call) -> Answer:
    found = find(call, INFRASTRUCTURE, call.params["infrastructureConfigurationArn"])
    _check_infrastructure(call)
    replace(found, {"terminateInstanceOnFailure": True, **given(call, "infrastructureConfigurationArn")})
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
        raise combination("A Region can appear at most once in the list of distributions.")
    for each in call.params["distributions"]:
        settings = each.get("amiDistributionConfiguration") or {}
        if "name" in settings and BUILD_DATE not in settings["name"]:
            raise invalid("distributions", f"The AMI name must contain {BUILD_DATE}.")
        if settings.get("targetAccountIds") and (settings.get("launchPermission") or {}).get("userGroups"):
            raise combination("An AMI can't be copied to accounts and be public.")


@handles("imagebuilder", "CreateDistributionConfiguration")
@idempotent
def _create_distribution(call: Call) -> Answer:
    _check_distributions(call)
    identifier = arn(call, DISTRIBUTION, call.params["name"])
    keep(call, DISTRIBUTION, identifier, {"timeoutMinutes": 720, **given(call)})
    return {"clientToken": call.get("clientToken"), "distributionConfigurationArn": identifier}


@handles("imagebuilder", "UpdateDistributionConfiguration")
def _update_distribution(call: Call) -> Answer:
    found = find(call, DISTRIBUTION, call.params["distributionConfigurationArn"])
    _check_distributions(call)
    replace(found, {"timeoutMinutes": 720, **given(call, "distributionConfigurationArn")})
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
