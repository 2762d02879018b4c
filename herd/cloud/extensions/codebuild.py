"""CodeBuild projects. moto refuses projects without a source and has no updates; builds are not modelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError, not_modelled
from herd.cloud.extensions import handles
from herd.cloud.wire import Call

_DEFAULTS: dict[str, Any] = {
    "timeoutInMinutes": 60,
    "queuedTimeoutInMinutes": 480,
    "cache": {"type": "NO_CACHE"},
    "badge": {"badgeEnabled": False},
    "projectVisibility": "PRIVATE",
    "tags": [],
}
_WITHOUT_LOCATION = ("NO_SOURCE", "CODEPIPELINE")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidInputException", message)


def _check(call: Call, project: Mapping[str, Any]) -> None:
    source, role = project["source"], project["serviceRole"]
    if source["type"] == "NO_SOURCE" and not source.get("buildspec"):
        raise _invalid("Invalid project source: buildspec must be given inline with source type NO_SOURCE")
    if source["type"] not in _WITHOUT_LOCATION and not source.get("location"):
        raise _invalid("Project source location is required")
    if project["artifacts"]["type"] == "S3" and not project["artifacts"].get("location"):
        raise _invalid("Invalid artifacts: location is required with type S3")
    if role.startswith("arn:") and not world.role_exists(call, role):
        raise _invalid(f"CodeBuild is not authorized to perform: sts:AssumeRole on {role}")
    network = project.get("vpcConfig") or {}
    for identifier in network.get("subnets") or []:
        if world.subnet(call, identifier) is None:
            raise _invalid(f"The subnet ID '{identifier}' does not exist")
    for identifier in network.get("securityGroupIds") or []:
        if world.security_group(call, identifier) is None:
            raise _invalid(f"The security group '{identifier}' does not exist")


@handles("codebuild", "CreateProject")
def _create(call: Call) -> Mapping[str, Any]:
    projects, name = call.objects("project"), call.params["name"]
    arn = world.arn(call, "codebuild", f"project/{name}")
    if name in projects:
        raise AwsError("ResourceAlreadyExistsException", f"Project already exists: {arn}")
    _check(call, call.params)
    projects[name] = {
        **_DEFAULTS,
        "encryptionKey": world.arn(call, "kms", "alias/aws/s3"),
        **{key: value for key, value in call.params.items() if key != "badgeEnabled"},
        "arn": arn,
        "created": world.now(),
        "lastModified": world.now(),
    }
    return {"project": projects[name]}


@handles("codebuild", "UpdateProject")
def _update(call: Call) -> Mapping[str, Any]:
    project = call.objects("project").get(call.params["name"])
    if project is None:
        raise AwsError("ResourceNotFoundException", f"Project cannot be found: {call.params['name']}")
    changed = {**project, **{key: value for key, value in call.params.items() if key != "badgeEnabled"}}
    _check(call, changed)
    project |= {**changed, "lastModified": world.now()}
    return {"project": project}


@handles("codebuild", "BatchGetProjects")
def _get(call: Call) -> Mapping[str, Any]:
    projects = call.objects("project")
    # A project may be asked for by name or by ARN.
    names = {asked: asked.rsplit("project/", 1)[-1] for asked in call.params["names"]}
    return {
        "projects": [projects[name] for name in names.values() if name in projects],
        "projectsNotFound": [asked for asked, name in names.items() if name not in projects],
    }


@handles("codebuild", "ListProjects")
def _list(call: Call) -> Mapping[str, Any]:
    shown, token = world.page(sorted(call.objects("project")), call.get("nextToken"), 100)
    return {"projects": shown, "nextToken": token}


@handles("codebuild", "DeleteProject")
def _delete(call: Call) -> None:
    # AWS answers the same whether or not the project was there.
    call.objects("project").pop(call.params["name"].rsplit("project/", 1)[-1], None)


@handles("codebuild", "StartBuild", "StartBuildBatch", "RetryBuild")
def _build(call: Call) -> Mapping[str, Any]:
    raise not_modelled(call.service, call.operation)
