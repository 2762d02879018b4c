"""Who may use a cluster: access entries and the policies associated with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.extensions import handles
from herd.cloud.extensions._eks_held import (
    Held,
    absent,
    arn,
    cluster,
    facts,
    in_use,
    invalid,
    listed,
    parts,
    public,
    refused,
    repeated,
)
from herd.cloud.wire import Call

# Source: EKS API, CreateAccessEntry, type.
_KINDS = ("STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX")
_WITH_POLICIES = ("STANDARD", "EC2")
_PRINCIPAL = re.compile(r"arn:aws[\w-]*:iam::\d{12}:(role|user)/.+")
NODE_NAME = "system:node:{{EC2PrivateDNSName}}"


def _open(call: Call) -> dict[str, Held]:
    """The entries of a cluster that has them."""
    owner = cluster(call)
    if owner["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        raise refused(
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this "
            "operation."
        )
    return parts(call, "access_entry", owner["name"])


def _entry(call: Call) -> Held:
    found = _open(call).get(call.params["principalArn"])
    if found is None:
        raise absent(
            "The specified principalArn could not be found. You can view your available access entries with 'aws eks "
            "list-access-entries'."
        )
    return found


def _checked(call: Call, kind: str) -> None:
    groups, principal = call.get("kubernetesGroups") or [], call.params["principalArn"]
    if kind not in _KINDS:
        raise invalid(f"The type {kind} is not one of {', '.join(_KINDS)}.")
    if not _PRINCIPAL.fullmatch(principal) or not world.principal_exists(call, principal):
        raise invalid("The specified principalArn is invalid: invalid principal.")
    if kind != "STANDARD" and (":role/" not in principal or ":role/aws-service-role/" in principal):
        raise invalid(f"The specified principalArn is invalid: an entry of type {kind} needs an IAM role.")
    _check_names(call, kind, groups)


def _check_names(call: Call, kind: str, groups: list[str]) -> None:
    user = call.get("username") or ""
    if kind != "STANDARD" and (groups or user):
        raise invalid(f"kubernetesGroups and username can't be specified for an entry of type {kind}.")
    bad = next((each for each in groups if each.startswith("system:")), None)
    if bad:
        raise invalid(f"The kubernetes group name {bad} is invalid, it cannot start with system:")
    # Source: Amazon EKS User Guide, "Create access entries".
    if user.startswith(("system:", "eks:", "aws:", "amazon:", "iam:")):
        raise invalid(f"The username {user} is invalid: it has a reserved prefix.")


@handles("eks", "CreateAccessEntry")
def _create(call: Call) -> Mapping[str, Any]:
    entries, principal = _open(call), call.params["principalArn"]
    kind = call.get("type") or "STANDARD"
    if principal in entries:
        if repeated(entries[principal], call):
            return {"accessEntry": public(entries[principal])}
        raise in_use("The specified access entry resource is already in use on this cluster.")
    _checked(call, kind)
    entries[principal] = _made(call, principal, kind, call.get("username") or _username(principal, kind))
    entries[principal] |= {"kubernetesGroups": list(call.get("kubernetesGroups") or _groups(kind))}
    return {"accessEntry": public(entries[principal])}


def _made(call: Call, principal: str, kind: str, username: str) -> Held:
    account, name = principal.split(":")[4], principal.rpartition("/")[2]
    resource = "role" if ":role/" in principal else "user"
    owner = cluster(call)["name"]
    return {
        "clusterName": owner,
        "principalArn": principal,
        "kubernetesGroups": _groups(kind),
        "accessEntryArn": arn(call, "access-entry", owner, resource, account, name),
        "createdAt": world.now(),
        "modifiedAt": world.now(),
        "tags": dict(call.get("tags") or {}) if call.operation == "CreateAccessEntry" else {},
        "username": username,
        "type": kind,
        "_policies": {},
        "_token": call.get("clientRequestToken"),
    }


def _username(principal: str, kind: str) -> str:
    if kind != "STANDARD":
        return NODE_NAME
    account, name = principal.split(":")[4], principal.rpartition("/")[2]
    if ":role/" not in principal:
        return principal
    return f"arn:{principal.split(':')[1]}:sts::{account}:assumed-role/{name}/{{{{SessionName}}}}"


def _groups(kind: str) -> list[str]:
    return [] if kind == "STANDARD" else ["system:nodes"]


def let_nodes_in(call: Call, owner: Held, node_role: str) -> None:
    """EKS makes an access entry for the role of a managed node group, unless there is one."""
    if owner["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        return
    entries = parts(call, "access_entry", owner["name"])
    if node_role not in entries:
        entries[node_role] = {**_made(call, node_role, "EC2_LINUX", NODE_NAME), "_own": True}


def let_nodes_out(call: Call, owner: Held, node_role: str) -> None:
    """EKS takes the entry it made away with the last node group of the role."""
    entries = parts(call, "access_entry", owner["name"])
    if entries.get(node_role, {}).get("_own"):
        del entries[node_role]


@handles("eks", "DescribeAccessEntry")
def _describe(call: Call) -> Mapping[str, Any]:
    return {"accessEntry": public(_entry(call))}


@handles("eks", "ListAccessEntries")
def _list(call: Call) -> Mapping[str, Any]:
    wanted = call.get("associatedPolicyArn")
    entries = _open(call).items()
    return listed(call, "accessEntries", sorted(k for k, e in entries if not wanted or wanted in e["_policies"]))


@handles("eks", "UpdateAccessEntry")
def _update(call: Call) -> Mapping[str, Any]:
    entry = _entry(call)
    _check_names(call, entry["type"], call.get("kubernetesGroups") or [])
    for parameter in ("kubernetesGroups", "username"):
        if parameter in call.params:
            entry[parameter] = call.params[parameter]
    entry["modifiedAt"] = world.now()
    return {"accessEntry": public(entry)}


@handles("eks", "DeleteAccessEntry")
def _delete(call: Call) -> Mapping[str, Any]:
    entry = _entry(call)
    del _open(call)[entry["principalArn"]]
    return {}


def _policies(call: Call) -> dict[str, str]:
    partition = world.partition(call.region)
    names = facts()["access_policies"]
    return {f"arn:{partition}:eks::aws:cluster-access-policy/{name}": name for name in names}


@handles("eks", "ListAccessPolicies")
def _list_policies(call: Call) -> Mapping[str, Any]:
    return listed(call, "accessPolicies", [{"name": name, "arn": key} for key, name in _policies(call).items()])


@handles("eks", "AssociateAccessPolicy")
def _associate(call: Call) -> Mapping[str, Any]:
    entry, policy, scope = _entry(call), call.params["policyArn"], call.params["accessScope"]
    if entry["type"] not in _WITH_POLICIES:
        raise invalid(f"Access policies can't be associated with an entry of type {entry['type']}.")
    if policy not in _policies(call):
        raise invalid(f"The policyArn parameter format is not valid: there is no access policy {policy}.")
    kind, spaces = scope.get("type"), scope.get("namespaces") or []
    if kind not in {"cluster", "namespace"}:
        raise invalid("The access scope needs a type: cluster or namespace.")
    if (kind == "namespace") != bool(spaces):
        raise invalid("Namespaces must be given with an access scope of type namespace, and with no other.")
    before = entry["_policies"].get(policy, {})
    entry["_policies"][policy] = {
        "policyArn": policy,
        "accessScope": {"type": kind, "namespaces": list(spaces)},
        "associatedAt": before.get("associatedAt", world.now()),
        "modifiedAt": world.now(),
    }
    return {
        "clusterName": entry["clusterName"],
        "principalArn": entry["principalArn"],
        "associatedAccessPolicy": entry["_policies"][policy],
    }


@handles("eks", "ListAssociatedAccessPolicies")
def _associated(call: Call) -> Mapping[str, Any]:
    entry = _entry(call)
    named = {"clusterName": entry["clusterName"], "principalArn": entry["principalArn"]}
    return {**named, **listed(call, "associatedAccessPolicies", entry["_policies"].values())}


@handles("eks", "DisassociateAccessPolicy")
def _disassociate(call: Call) -> Mapping[str, Any]:
    entry = _entry(call)
    if call.params["policyArn"] not in entry["_policies"]:
        raise absent(f"The access policy {call.params['policyArn']} is not associated with the access entry.")
    del entry["_policies"][call.params["policyArn"]]
    return {}
