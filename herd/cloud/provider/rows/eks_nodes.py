"""Managed node groups.

A group that can't be made ends CREATE_FAILED for good, and its creation fails with an id. What follows is as in the
real provider, which marks nothing as tainted: the next `up` is an update without a difference, which asks AWS for
nothing and succeeds, unless the program says `replace_on_changes=["#initerror"]`. See docs/provider.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Read, Row, Wait
from herd.cloud.provider.rows.common import input_of, split
from herd.cloud.provider.rows.eks import finish_update, tags
from herd.cloud.provider.scope import Scope


def _names(scope: Scope) -> dict[str, str]:
    return {"clusterName": scope.given("clusterName"), "nodegroupName": scope.given("nodeGroupName")}


def _template(scope: Scope) -> dict[str, str]:
    """By id or by name: EKS takes one of the two."""
    given = scope.inputs.get("launchTemplate") or {}
    names = ("id", "version") if given.get("id") else ("name", "version")
    return {name: given[name] for name in names if given.get(name)}


def _create_params(scope: Scope, params: dict[str, Any]) -> None:
    if params.get("launchTemplate") and not scope.checking:
        params["launchTemplate"] = _template(scope)


def _move_version(scope: Scope) -> None:
    """What makes EKS replace the nodes comes first, by itself."""
    params: dict[str, Any] = {**_names(scope), "force": bool(scope.inputs.get("forceUpdateVersion"))}
    if scope.inputs.get("launchTemplate"):
        params["launchTemplate"] = _template(scope)
    for name in ("version", "releaseVersion"):
        if scope.changed(name):
            params[name] = scope.inputs.get(name)
    answer = scope.run("update_nodegroup_version", **params)
    finish_update(scope, answer, nodegroupName=params["nodegroupName"])


def _labels(scope: Scope) -> dict[str, Any] | None:
    old, new = scope.old.get("labels") or {}, scope.inputs.get("labels") or {}
    gone = [key for key in old if key not in new]
    put = {key: value for key, value in new.items() if old.get(key) != value}
    return {k: v for k, v in (("removeLabels", gone), ("addOrUpdateLabels", put)) if v} or None


def _taints(scope: Scope) -> dict[str, Any] | None:
    old, new = scope.old.get("taints") or [], scope.inputs.get("taints") or []
    kept = {(each["key"], each["effect"]) for each in new}
    gone = [each for each in old if (each["key"], each["effect"]) not in kept]
    put = [each for each in new if each not in old]
    return {k: v for k, v in (("removeTaints", gone), ("addOrUpdateTaints", put)) if v} or None


def _configure(scope: Scope) -> None:
    params: dict[str, Any] = {**_names(scope), "labels": _labels(scope), "taints": _taints(scope)}
    for name in ("scalingConfig", "updateConfig", "nodeRepairConfig", "warmPoolConfig"):
        if scope.changed(name):
            params[name] = scope.inputs.get(name)
    answer = scope.run("update_nodegroup_config", **params)
    finish_update(scope, answer, nodegroupName=params["nodegroupName"])


def _resources(scope: Scope) -> None:
    groups = (scope.found.get("resources") or {}).get("autoScalingGroups") or []
    shown: dict[str, Any] = {"autoscalingGroups": [{"name": each["name"]} for each in groups]}
    remote = (scope.found.get("resources") or {}).get("remoteAccessSecurityGroup")
    scope.outputs["resources"] = [shown | ({"remoteAccessSecurityGroupId": remote} if remote else {})]
    access = scope.found.get("remoteAccess")
    if access:
        scope.outputs["remoteAccess"] = {
            key: value
            for key, value in (
                ("ec2SshKey", access.get("ec2SshKey")),
                ("sourceSecurityGroupIds", access.get("sourceSecurityGroups")),
            )
            if value
        }


def _why(found: Mapping[str, Any]) -> str:
    """The health issues, as the provider ends its error with."""
    issues = (found.get("health") or {}).get("issues") or []
    return "; ".join(f"{', '.join(each['resourceIds'])}: {each['code']}: {each['message']}" for each in issues)


NAMES = {"clusterName": input_of("clusterName"), "nodegroupName": input_of("nodeGroupName")}
NODE_GROUP = Row(
    type="aws:eks/nodeGroup:NodeGroup",
    service="eks",
    create=Call("create_nodegroup", takes=None, finish=_create_params),
    id=lambda s: f"{s.inputs['clusterName']}:{s.inputs['nodeGroupName']}",
    reads=(Read(Call("describe_nodegroup", NAMES), "nodegroup", {"arn": "nodegroupArn"}),),
    updates=(
        Change(("launchTemplate", "version", "releaseVersion"), _move_version),
        Change(("labels", "taints", "scalingConfig", "updateConfig", "nodeRepairConfig", "warmPoolConfig"), _configure),
    ),
    delete=(Call("delete_nodegroup", NAMES),),
    names={
        "nodeGroupName": "nodegroupName",
        "nodeGroupNamePrefix": "",
        "nodeRoleArn": "nodeRole",
        "subnetIds": "subnets",
        "forceUpdateVersion": "",
        "resources": "",
        "remoteAccess.sourceSecurityGroupIds": "sourceSecurityGroups",
    },
    name=AutoName("nodeGroupName"),
    tags=tags("$state.arn"),
    token="clientRequestToken",  # noqa: S106 - the name of a parameter
    natural=True,
    wait=Wait("status", frozenset({"ACTIVE"}), frozenset({"CREATE_FAILED"}), after_update=False, reason=_why),
    after_read=_resources,
    parse=split(":", "clusterName", "nodeGroupName"),
    fixed=("forceUpdateVersion",),
    marks_failed_updates=True,
)

ROWS = (NODE_GROUP,)
