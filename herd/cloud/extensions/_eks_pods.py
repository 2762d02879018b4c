"""Pod identity associations: which role the pods of a service account get."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.extensions import handles
from herd.cloud.extensions._eks_held import (
    Held,
    absent,
    cluster,
    in_use,
    invalid,
    listed,
    parts,
    public,
    repeated,
    role,
    trusts,
)
from herd.cloud.wire import Call


def check_role(call: Call, role_arn: str) -> None:
    """Refuse a role that pods can't get.

    Raises:
        AwsError: EKS's refusal.
    """
    found = role(call, role_arn)
    if found is None:
        raise invalid(f"Role provided in the request does not exist: {role_arn}")
    if role_arn.split(":")[4] != call.account:
        raise invalid(f"Role provided in the request must be in the cluster's account: {role_arn}")
    if not trusts(found, "pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession"):
        raise invalid(
            f"Trust policy of role {role_arn} must allow pods.eks.amazonaws.com to sts:AssumeRole and sts:TagSession."
        )


def associate(call: Call, owner: Held, asked: Mapping[str, Any]) -> Held:
    """Make an association.

    Raises:
        AwsError: EKS's refusal.
    """
    held = parts(call, "pod_identity", owner["name"])
    place = (asked["namespace"], asked["serviceAccount"])
    there = next((each for each in held.values() if (each["namespace"], each["serviceAccount"]) == place), None)
    if there is not None:
        if repeated(there, call):
            return there
        raise in_use(f"Association already exists: {there['associationId']}")
    check_role(call, asked["roleArn"])
    number = "a-" + uuid.uuid4().hex[:17]
    held[number] = made = {
        "clusterName": owner["name"],
        "namespace": place[0],
        "serviceAccount": place[1],
        "roleArn": asked["roleArn"],
        "associationArn": world.arn(call, "eks", f"podidentityassociation/{owner['name']}/{number}"),
        "associationId": number,
        "tags": dict(asked.get("tags") or {}),
        "createdAt": world.now(),
        "modifiedAt": world.now(),
        "disableSessionTags": bool(asked.get("disableSessionTags")),
        "_token": asked.get("clientRequestToken"),
    }
    made |= _chained(owner, asked)
    made |= {key: asked[key] for key in ("ownerArn", "policy") if asked.get(key)}
    return made


def _chained(owner: Held, asked: Mapping[str, Any]) -> Held:
    if not asked.get("targetRoleArn"):
        return {}
    return {"targetRoleArn": asked["targetRoleArn"], "externalId": f"{owner['arn']}/{uuid.uuid4().hex}"}


@handles("eks", "CreatePodIdentityAssociation")
def _create(call: Call) -> Mapping[str, Any]:
    return {"association": public(associate(call, cluster(call), call.params))}


def _association(call: Call) -> Held:
    owner, number = cluster(call), call.params["associationId"]
    found = parts(call, "pod_identity", owner["name"]).get(number)
    if found is None:
        raise absent(f"No association found for the given id: {number}")
    return found


@handles("eks", "DescribePodIdentityAssociation")
def _describe(call: Call) -> Mapping[str, Any]:
    return {"association": public(_association(call))}


@handles("eks", "ListPodIdentityAssociations")
def _list(call: Call) -> Mapping[str, Any]:
    held = parts(call, "pod_identity", cluster(call)["name"]).values()
    wanted = {key: call.params[key] for key in ("namespace", "serviceAccount") if call.get(key)}
    shown = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId", "ownerArn")
    found = [e for e in held if all(e[key] == value for key, value in wanted.items())]
    return listed(call, "associations", [{key: e[key] for key in shown if key in e} for e in found])


@handles("eks", "UpdatePodIdentityAssociation")
def _update(call: Call) -> Mapping[str, Any]:
    found, asked = _association(call), call.params
    if asked.get("roleArn"):
        check_role(call, asked["roleArn"])
    if asked.get("targetRoleArn") and asked["targetRoleArn"] != found.get("targetRoleArn"):
        found |= _chained(cluster(call), asked)
    found |= {key: asked[key] for key in ("roleArn", "disableSessionTags", "policy") if key in asked}
    found["modifiedAt"] = world.now()
    return {"association": public(found)}


@handles("eks", "DeletePodIdentityAssociation")
def _delete(call: Call) -> Mapping[str, Any]:
    found = _association(call)
    del parts(call, "pod_identity", found["clusterName"])[found["associationId"]]
    return {"association": public(found)}
