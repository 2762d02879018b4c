"""Managed node groups: settings checked as EKS does, capacity taken, failures told in EKS's words.

No instances run: nodes are counted, in the ledger of machines and in their subnets.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import _eks_machines as machines
from herd.cloud.extensions import _eks_nodegroup_rules as rules
from herd.cloud.extensions import autoscaling, handles
from herd.cloud.extensions._ec2_types import instance_type
from herd.cloud.extensions._eks_access import let_nodes_in, let_nodes_out
from herd.cloud.extensions._eks_held import (
    Held,
    absent,
    arn,
    cluster,
    in_use,
    invalid,
    listed,
    note_update,
    parts,
    public,
    refused,
    repeated,
)
from herd.cloud.extensions._eks_templates import Machine, machine
from herd.cloud.state import store
from herd.cloud.wire import Call

_SETTLED = ("ACTIVE", "DEGRADED")


def _group(call: Call) -> Held:
    owner, name = cluster(call), call.params["nodegroupName"]
    found = parts(call, "nodegroup", owner["name"]).get(name)
    if found is None:
        raise absent(f"No node group found for name: {name}.")
    return found


@handles("eks", "CreateNodegroup")
def _create(call: Call) -> Mapping[str, Any]:
    owner, name = cluster(call), call.params["nodegroupName"]
    held = parts(call, "nodegroup", owner["name"])
    if name in held:
        if repeated(held[name], call):
            return {"nodegroup": public(held[name])}
        raise in_use(f"NodeGroup already exists with name {name} and cluster name {owner['name']}")
    for problem in rules.problems(call, owner):
        raise invalid(problem)
    made_of = machine(call, call.params, version=owner["version"])
    made = _made(call, owner, made_of)
    machines.make_group(call, made)
    machines.close_in_time(call, made, made_of)
    held[name] = made
    let_nodes_in(call, owner, made["nodeRole"])
    issue = machines.launch(call, made, made_of)
    if issue:
        _note(made, issue)
        # Auto Scaling keeps trying for a capacity block, and EKS doesn't check that its nodes join.
        made["status"] = "ACTIVE" if made["capacityType"] == "CAPACITY_BLOCK" else "CREATE_FAILED"
    return {"nodegroup": {**public(made), "status": "CREATING"}}


def _made(call: Call, owner: Held, made_of: Machine) -> Held:
    asked, name = call.params, call.params["nodegroupName"]
    own_image = bool(made_of.image)
    kind = "CUSTOM" if own_image else asked.get("amiType") or _default_image(made_of.types[0])
    version = asked.get("version") or owner["version"]
    made: Held = {
        "nodegroupName": name,
        "nodegroupArn": arn(call, "nodegroup", owner["name"], name),
        "clusterName": owner["name"],
        "version": version,
        # EKS answers with the image's id as the release of a custom image.
        "releaseVersion": made_of.image if own_image else asked.get("releaseVersion") or f"{version}.0-20260714",
        "createdAt": world.now(),
        "modifiedAt": world.now(),
        "status": "ACTIVE",
        "capacityType": asked.get("capacityType", "ON_DEMAND"),
        "scalingConfig": {**rules.SIZES, **(asked.get("scalingConfig") or {})},
        "subnets": list(asked["subnets"]),
        "amiType": kind,
        "nodeRole": asked["nodeRole"],
        "labels": dict(asked.get("labels") or {}),
        "taints": list(asked.get("taints") or []),
        "resources": {"autoScalingGroups": [{"name": f"eks-{name}-{uuid.uuid4()}"}]},
        "health": {"issues": []},
        "updateConfig": asked.get("updateConfig") or {"maxUnavailable": 1},
        "nodeRepairConfig": asked.get("nodeRepairConfig") or {"enabled": False},
        "tags": dict(asked.get("tags") or {}),
        "_token": asked.get("clientRequestToken"),
        "_given_type": asked.get("amiType"),
    }
    if not made_of.data.get("InstanceType"):
        made["instanceTypes"] = list(made_of.types)
    if made_of.template:
        made["launchTemplate"] = dict(made_of.template)
    else:
        made["diskSize"] = asked.get("diskSize") or 20
    for parameter in ("remoteAccess", "warmPoolConfig"):
        if asked.get(parameter):
            made[parameter] = asked[parameter]
    return made


def _default_image(kind: str) -> str:
    known = (instance_type(kind) or {}).get("ProcessorInfo") or {}
    return "AL2023_ARM_64_STANDARD" if "arm64" in known.get("SupportedArchitectures", []) else "AL2023_x86_64_STANDARD"


def _note(group: Held, issue: Held | None) -> None:
    group["health"] = {"issues": [issue] if issue else []}


@autoscaling.on_resize
def _resized(call: Call, name: str) -> None:
    """A schedule, or somebody, gave the Auto Scaling group of a node group another size."""
    found = (group for held in store("eks.nodegroup", call.account, call.region).values() for group in held.values())
    group = next((each for each in found if machines.asg_name(each) == name), None)
    if group is None or group["status"] not in _SETTLED:
        return
    group["scalingConfig"] = machines.sizes(call, group)
    _note(group, machines.launch(call, group, _now(call, group)))


@handles("eks", "DescribeNodegroup")
def _describe(call: Call) -> Mapping[str, Any]:
    autoscaling.settle(call)
    group = _group(call)
    if group["health"]["issues"] and group["status"] in _SETTLED:
        _try_again(call, group)
    return {"nodegroup": public(group)}


def _try_again(call: Call, group: Held) -> None:
    """What Auto Scaling does all the time: launch what is missing."""
    try:
        made_of = _now(call, group)
    except AwsError:
        return
    _note(group, machines.launch(call, group, made_of))
    group["status"] = "DEGRADED" if group["health"]["issues"] and group["status"] == "DEGRADED" else "ACTIVE"


def _now(call: Call, group: Held, **changes: Any) -> Machine:
    """What the group launches with these settings changed."""
    aim = group.get("launchTemplate")
    asked = {
        "subnets": group["subnets"],
        "capacityType": group["capacityType"],
        "instanceTypes": group.get("instanceTypes"),
        "amiType": group["_given_type"],
        "launchTemplate": {"id": aim["id"], "version": aim["version"]} if aim else None,
        "_existing": True,
        **changes,
    }
    return machine(call, asked, version=changes.get("version") or group["version"])


@handles("eks", "ListNodegroups")
def _list(call: Call) -> Mapping[str, Any]:
    return listed(call, "nodegroups", sorted(parts(call, "nodegroup", cluster(call)["name"])))


@handles("eks", "DeleteNodegroup")
def _delete(call: Call) -> Mapping[str, Any]:
    group = _group(call)
    held = parts(call, "nodegroup", group["clusterName"])
    machines.drop_group(call, group)
    del held[group["nodegroupName"]]
    if not any(each["nodeRole"] == group["nodeRole"] for each in held.values()):
        let_nodes_out(call, cluster(call), group["nodeRole"])
    return {"nodegroup": {**public(group), "status": "DELETING"}}


def _changeable(call: Call) -> Held:
    group = _group(call)
    if group["status"] not in _SETTLED:
        # The message: aws/containers-roadmap, issue 2204.
        raise in_use("Nodegroup cannot be updated as it is currently not in Active State")
    return group


@handles("eks", "UpdateNodegroupConfig")
def _configure(call: Call) -> Mapping[str, Any]:
    group = _changeable(call)
    sizes = {**group["scalingConfig"], **(call.get("scalingConfig") or {})}
    labels, taints = _labels(group, call.get("labels") or {}), _taints(group, call.get("taints") or {})
    checks = (
        rules.size_problems(sizes),
        rules.label_problems(labels),
        rules.taint_problems(taints),
        rules.config_problems(call.params),
    )
    for problem in (each for check in checks for each in check):
        raise invalid(problem)
    group |= {"labels": labels, "taints": taints, "scalingConfig": sizes, "modifiedAt": world.now()}
    for parameter in ("updateConfig", "nodeRepairConfig", "warmPoolConfig"):
        if call.get(parameter):
            group[parameter] = call.params[parameter]
    if call.get("scalingConfig"):
        machines.size_group(call, group)
        issue = machines.launch(call, group, _now(call, group))
        _note(group, issue)
        group["status"] = "DEGRADED" if issue else "ACTIVE"
    return note_update(group, "ConfigUpdate", _told(call.params))


def _labels(group: Held, asked: Mapping[str, Any]) -> dict[str, str]:
    kept = {key: value for key, value in group["labels"].items() if key not in (asked.get("removeLabels") or [])}
    return kept | (asked.get("addOrUpdateLabels") or {})


def _taints(group: Held, asked: Mapping[str, Any]) -> list[dict[str, str]]:
    changed = asked.get("addOrUpdateTaints") or []
    gone = {(each["key"], each["effect"]) for each in [*changed, *(asked.get("removeTaints") or [])]}
    return [each for each in group["taints"] if (each["key"], each["effect"]) not in gone] + list(changed)


def _told(asked: Mapping[str, Any]) -> dict[str, Any]:
    labels, taints = asked.get("labels") or {}, asked.get("taints") or {}
    sizes, update = asked.get("scalingConfig") or {}, asked.get("updateConfig") or {}
    return {
        "LabelsToAdd": labels.get("addOrUpdateLabels"),
        "LabelsToRemove": labels.get("removeLabels"),
        "TaintsToAdd": taints.get("addOrUpdateTaints"),
        "TaintsToRemove": taints.get("removeTaints"),
        "NodeRepairConfig": asked.get("nodeRepairConfig"),
        **{key[0].upper() + key[1:]: value for key, value in {**sizes, **update}.items()},
    }


@handles("eks", "UpdateNodegroupVersion")
def _upgrade(call: Call) -> Mapping[str, Any]:
    group, owner = _changeable(call), cluster(call)
    aim, before = call.get("launchTemplate"), group.get("launchTemplate")
    if group["capacityType"] == "CAPACITY_BLOCK" and group["scalingConfig"]["desiredSize"]:
        # Source: Amazon EKS User Guide, "Create a managed node group with Capacity Blocks for ML".
        raise refused("The desired size of a node group with Capacity Blocks must be 0 for an update of its version.")
    if aim and not before:
        raise invalid("A node group that was deployed without a launch template can't be updated with one.")
    if aim and before and before["id" if aim.get("id") else "name"] != (aim.get("id") or aim.get("name")):
        raise invalid("The launch template must be the one that the node group was deployed with.")
    version = call.get("version") or (group["version"] if group["amiType"] == "CUSTOM" else owner["version"])
    if call.get("version") not in {None, owner["version"]}:
        raise invalid(f"Requested Nodegroup version {version} must be the cluster's, {owner['version']}.")
    changes = {"launchTemplate": aim} if aim else {}
    made_of = _now(call, group, version=call.get("version"), releaseVersion=call.get("releaseVersion"), **changes)
    surge = 0 if group["updateConfig"].get("updateStrategy") == "MINIMAL" else 1
    old = _now(call, group)
    told = {"Version": call.get("version"), "ReleaseVersion": call.get("releaseVersion")}
    told |= {"LaunchTemplateVersion": (made_of.template or {}).get("version") if aim else None}
    issue = machines.relaunch(call, group, made_of, surge)
    if issue:
        machines.launch(call, group, old)
        # EKS rolls back, and says why in the update.
        text = f"Couldn't proceed with upgrade process as new nodes are not joining node group: {issue['message']}"
        errors = [{"errorCode": "NodeCreationFailure", "errorMessage": text, "resourceIds": issue["resourceIds"]}]
        return note_update(group, "VersionUpdate", told, errors)
    own = bool(made_of.image)
    group["version"] = owner["version"] if own else version
    group["releaseVersion"] = made_of.image if own else call.get("releaseVersion") or f"{version}.0-20260714"
    if made_of.template:
        group["launchTemplate"] = dict(made_of.template)
    group["modifiedAt"] = world.now()
    _note(group, None)
    return note_update(group, "VersionUpdate", told)
