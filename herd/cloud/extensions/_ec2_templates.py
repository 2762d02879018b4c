"""Launch templates: what CreateLaunchTemplate refuses, what it only warns of, what fails when somebody launches.

AWS takes a template whose content can't be launched, and lists what is wrong with it in `Warning`; RunInstances and
CreateNodegroup refuse it. Only names, tags, user data and metadata options are refused at once.
Source: EC2 API, CreateLaunchTemplate, ValidationWarning.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks, handles
from herd.cloud.extensions._ec2_launch import Document, Launch, refusals
from herd.cloud.extensions._ec2_listing import tagged
from herd.cloud.wire import Call

_USER_DATA_LIMIT = 16384
_HOPS = (1, 64)
_TAGGED_AT_LAUNCH = frozenset(
    {"instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu", "elastic-inference"}
)


def template_problems(
    call: Call,
    data: Document,
    *,
    subnets: Sequence[str] = (),
    zones: Sequence[str] = (),
    instance_types: Sequence[str] = (),
    by_scaling: bool = True,
) -> AwsError | None:
    """What AWS refuses a launch with: the first problem it would name.

    Args:
        call: The request that launches (RunInstances, CreateNodegroup, ...); says account and region.
        data: The template's data, as `template` returns it.
        subnets: Subnets it may be launched into; their zones count.
        zones: Zones, where there are no subnets.
        instance_types: Types that the request names, where the template names none.
        by_scaling: Whether an Auto Scaling group launches: then its service-linked role has to be let use the keys of
            volumes, by their policies or grants (EC2 Auto Scaling User Guide, "Required KMS key policy").
    """
    own = [data["InstanceType"]] if data.get("InstanceType") else list(instance_types)
    places = list(dict.fromkeys([*zones, *_zones(call, subnets)]))
    launcher = _scaling_role(call) if by_scaling else ""
    return next(refusals(Launch(call, data, own, places, launcher)), None)


def _scaling_role(call: Call) -> str:
    path = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    return f"arn:{world.partition(call.region)}:iam::{call.account}:{path}"


def _zones(call: Call, subnets: Iterable[str]) -> list[str]:
    held = [world.subnet(call, identifier) for identifier in subnets]
    return [each.availability_zone for each in held if each is not None]


def template(call: Call, *, identifier: str = "", name: str = "", version: str = "$Default") -> dict[str, Any]:
    """The data of a launch template's version.

    Raises:
        AwsError: There is no such template or version.
    """
    return dict(_version(call, identifier, name, version).data)


def _template(call: Call, identifier: str, name: str) -> Any:
    backend = world.ec2(call)
    if identifier:
        if not identifier.startswith("lt-"):
            raise AwsError("InvalidLaunchTemplateId.Malformed", f"Invalid launch template ID: {identifier}")
        found = backend.launch_templates.get(identifier)
        if found is None:
            raise AwsError("InvalidLaunchTemplateId.NotFound", f"The launch template ID '{identifier}' does not exist.")
        return found
    found = backend.launch_templates.get(backend.launch_template_name_to_ids.get(name, ""))
    if found is None:
        raise AwsError(
            "InvalidLaunchTemplateName.NotFoundException",
            f"The specified launch template, with template name {name}, does not exist.",
        )
    return found


def _version(call: Call, identifier: str, name: str, version: str) -> Any:
    found = _template(call, identifier, name)
    if version == "$Latest":
        return found.versions[-1]
    number = str(found.default_version_number) if version in {"$Default", ""} else str(version)
    gone = _deleted(call).get(found.id, set())
    held = next((each for each in found.versions if str(each.number) == number and each.number not in gone), None)
    if held is None:
        raise AwsError(
            "InvalidLaunchTemplateId.VersionNotFound",
            f"Could not find launch template version, {version} for launch template {found.id}.",
        )
    return held


def _deleted(call: Call) -> dict[str, set[int]]:
    return call.objects("launch_template_deleted")


@checks("ec2", "CreateLaunchTemplate", "CreateLaunchTemplateVersion")
def _content(call: Call) -> None:
    data = call.params["LaunchTemplateData"]
    _check_user_data(data.get("UserData"))
    hops = (data.get("MetadataOptions") or {}).get("HttpPutResponseHopLimit")
    if hops is not None and not _HOPS[0] <= hops <= _HOPS[1]:
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({hops}) for parameter HttpPutResponseHopLimit is invalid. Valid values are integers from 1 to 64.",
        )
    for specification in data.get("TagSpecifications") or []:
        kind = specification.get("ResourceType")
        if kind not in _TAGGED_AT_LAUNCH:
            raise AwsError(
                "InvalidParameterValue", f"'{kind}' is not a valid taggable resource type for this operation."
            )


def _check_user_data(text: str | None) -> None:
    if text is None:
        return
    try:
        raw = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise AwsError("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.") from error
    if len(raw) > _USER_DATA_LIMIT:
        raise AwsError("InvalidUserData.Malformed", f"User data is limited to {_USER_DATA_LIMIT} bytes")


def _warning(call: Call, data: Document) -> dict[str, Any]:
    own = [data["InstanceType"]] if data.get("InstanceType") else []
    found = [{"Code": each.code, "Message": each.message} for each in refusals(Launch(call, data, own))]
    return {"Warning": {"Errors": found}} if found else {}


@handles("ec2", "CreateLaunchTemplate")
def _create(call: Call) -> Mapping[str, Any]:
    given = call.params["LaunchTemplateData"]
    if not given:
        raise AwsError("MissingParameter", "The request must contain the parameter LaunchTemplateData")
    tokens, token = call.objects("launch_template_token"), call.get("ClientToken")
    if token in tokens:
        first: Mapping[str, Any] = tokens[token]
        return first
    result = call.forward()
    held = world.ec2(call).launch_templates[result["LaunchTemplate"]["LaunchTemplateId"]].versions[0]
    # moto adds the template's own tags to those of what is launched from it.
    held.data["TagSpecifications"] = given.get("TagSpecifications") or []
    _drop_empty(held.data)
    answer = {**result, **_warning(call, given)}
    if token:
        tokens[token] = answer
    return answer


@handles("ec2", "CreateLaunchTemplateVersion")
def _create_version(call: Call) -> Mapping[str, Any]:
    found = _template(call, call.get("LaunchTemplateId") or "", call.get("LaunchTemplateName") or "")
    source = call.get("SourceVersion")
    base = dict(_version(call, found.id, "", source).data) if source else {}
    result = call.forward()
    held = found.versions[-1]
    held.data = {**base, **call.params["LaunchTemplateData"]}
    _keep_user_data(held.data)
    shown = {**result["LaunchTemplateVersion"], "LaunchTemplateData": held.data}
    return {"LaunchTemplateVersion": shown, **_warning(call, held.data)}


def _keep_user_data(data: dict[str, Any]) -> None:
    """User data in the type moto keeps it in: it makes it so for the first version only."""
    from moto.core.types import Base64EncodedString  # noqa: PLC0415

    if data.get("UserData") is not None:
        data["UserData"] = Base64EncodedString(str(data["UserData"]))


def _drop_empty(data: dict[str, Any]) -> None:
    for name in [name for name, value in data.items() if value in (None, [], {})]:
        del data[name]


@checks("ec2", "DescribeLaunchTemplateVersions", "ModifyLaunchTemplate", "DeleteLaunchTemplate")
def _exists(call: Call) -> None:
    identifier, name = call.get("LaunchTemplateId") or "", call.get("LaunchTemplateName") or ""
    if not identifier and not name:
        return
    found = _template(call, identifier, name)
    versions = call.get("Versions") or ([call.get("DefaultVersion")] if call.get("DefaultVersion") else [])
    for version in versions:
        _version(call, found.id, "", version)


@handles("ec2", "DescribeLaunchTemplates")
def _describe(call: Call) -> Mapping[str, Any]:
    """With the tags as they are now; moto shows those of the creation for ever."""
    result = call.forward()
    for shown in result.get("LaunchTemplates") or []:
        shown["Tags"] = tagged(call.account, call.region, shown["LaunchTemplateId"])
    return result


@handles("ec2", "DescribeLaunchTemplateVersions")
def _describe_versions(call: Call) -> Mapping[str, Any]:
    result = call.forward()
    gone = _deleted(call)
    shown = [
        each
        for each in result.get("LaunchTemplateVersions", ())
        if each["VersionNumber"] not in gone.get(each["LaunchTemplateId"], ())
    ]
    return {**result, "LaunchTemplateVersions": shown}


@handles("ec2", "DeleteLaunchTemplateVersions")
def _delete_versions(call: Call) -> Mapping[str, Any]:
    found = _template(call, call.get("LaunchTemplateId") or "", call.get("LaunchTemplateName") or "")
    named = {"LaunchTemplateId": found.id, "LaunchTemplateName": found.name}
    done, failed = [], []
    for version in call.params["Versions"]:
        number = int(version)
        problem = _undeletable(call, found, number)
        if problem:
            failed.append({**named, "VersionNumber": number, "ResponseError": problem})
            continue
        _deleted(call).setdefault(found.id, set()).add(number)
        done.append({**named, "VersionNumber": number})
    return {
        "SuccessfullyDeletedLaunchTemplateVersions": done,
        "UnsuccessfullyDeletedLaunchTemplateVersions": failed,
    }


def _undeletable(call: Call, found: Any, number: int) -> dict[str, str] | None:
    if number == found.default_version_number:
        return {"Code": "unexpectedError", "Message": f"Cannot delete the default version {number}."}
    try:
        _version(call, found.id, "", str(number))
    except AwsError as error:
        return {"Code": "launchTemplateVersionDoesNotExist", "Message": error.message}
    return None


@checks("ec2", "RunInstances")
def _run(call: Call) -> None:
    aim = call.get("LaunchTemplate") or {}
    data: dict[str, Any] = {}
    if aim:
        data = template(
            call,
            identifier=aim.get("LaunchTemplateId") or "",
            name=aim.get("LaunchTemplateName") or "",
            version=aim.get("Version") or "$Default",
        )
    data |= {key: value for key, value in call.params.items() if value is not None}
    subnets = [call.get("SubnetId")] + [each.get("SubnetId") for each in data.get("NetworkInterfaces") or []]
    _check_user_data(data.get("UserData"))
    refusal = template_problems(call, data, subnets=[each for each in subnets if each], by_scaling=False)
    if refusal:
        raise refusal
    zone = (data.get("Placement") or {}).get("AvailabilityZone")
    places = _zones(call, filter(None, subnets))
    short = call.shortage(data.get("InstanceType", "m1.small"), places[0] if places else zone or f"{call.region}a")
    if short:
        raise short
