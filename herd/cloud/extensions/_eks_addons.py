"""EKS add-ons: names and versions checked, settings read, ACTIVE once there are nodes for what must run on some.

Nothing is installed in the cluster: what an add-on's pods would do isn't modelled, nor the schema of its settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from herd.cloud import world
from herd.cloud.extensions import _eks_machines as machines
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
    note_update,
    parts,
    public,
    repeated,
    role,
)
from herd.cloud.extensions._eks_pods import associate
from herd.cloud.extensions._eks_rules import minor
from herd.cloud.wire import Call

_VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)(-eksbuild\.\d+)?")


def _addon(call: Call) -> Held:
    owner, name = cluster(call), call.params["addonName"]
    found = parts(call, "addon", owner["name"]).get(name)
    if found is None:
        raise absent(f"No addon: {name} found in cluster: {owner['name']}")
    return found


def _versions(name: str, kubernetes: str) -> list[str]:
    known: list[str] = facts()["addons"][name]["versions"].get(kubernetes, [])
    return known


def _check_version(name: str, version: str, kubernetes: str) -> None:
    match = _VERSION.fullmatch(version)
    # kube-proxy may not be newer than the API server. Source: Kubernetes version skew policy.
    newer = name == "kube-proxy" and match is not None and int(match[2]) > minor(kubernetes)
    if match is None or newer:
        raise invalid(f"Addon version specified is not supported: {name} {version} with Kubernetes {kubernetes}")


def _check_values(text: str | None) -> None:
    if not text:
        return
    try:
        found = YAML(typ="safe").load(text)
    except YAMLError as error:
        raise _bad_values(f"it is neither JSON nor YAML: {error}") from error
    if not isinstance(found, dict):
        raise _bad_values("it is not an object")


def _bad_values(why: str) -> Exception:
    return invalid(f"ConfigurationValue provided in request is not supported: {why}")


def _check_role(call: Call, role_arn: str | None) -> None:
    if role_arn and role(call, role_arn) is None:
        raise invalid(f"Role provided in the request does not exist: {role_arn}")


@handles("eks", "CreateAddon")
def _create(call: Call) -> Mapping[str, Any]:
    owner, name = cluster(call), call.params["addonName"]
    held = parts(call, "addon", owner["name"])
    if name not in facts()["addons"]:
        raise invalid(f"Addon specified is not supported in {owner['version']} kubernetes version: {name}")
    if name in held:
        if repeated(held[name], call):
            return {"addon": _shown(call, held[name])}
        raise in_use("Addon already exists.")
    version = call.get("addonVersion") or next(iter(_versions(name, owner["version"])), None)
    if version is None:
        raise invalid(f"Addon version must be given: the stand-in knows none of {name} for {owner['version']}.")
    _check_version(name, version, owner["version"])
    _check_values(call.get("configurationValues"))
    _check_role(call, call.get("serviceAccountRoleArn"))
    address = arn(call, "addon", owner["name"], name)
    made: Held = {
        "addonName": name,
        "clusterName": owner["name"],
        "addonVersion": version,
        "addonArn": address,
        "createdAt": world.now(),
        "modifiedAt": world.now(),
        "tags": dict(call.get("tags") or {}),
        "publisher": "eks",
        "owner": "aws",
        "podIdentityAssociations": _identities(call, owner, name, address),
        "namespaceConfig": call.get("namespaceConfig") or {"namespace": facts()["addons"][name]["namespace"]},
        "_token": call.get("clientRequestToken"),
    }
    made |= {key: call.params[key] for key in ("serviceAccountRoleArn", "configurationValues") if call.get(key)}
    held[name] = made
    return {"addon": {**_shown(call, made), "status": "CREATING"}}


def _identities(call: Call, owner: Held, name: str, address: str) -> list[str]:
    made = []
    known = facts()["addons"][name]["accounts"]
    for each in call.get("podIdentityAssociations") or []:
        if each["serviceAccount"] not in known:
            raise invalid(f"Addon {name} has no service account {each['serviceAccount']} for Pod Identity.")
        place = {"namespace": facts()["addons"][name]["namespace"], "ownerArn": address}
        made.append(associate(call, owner, {**each, **place})["associationArn"])
    return made


def _shown(call: Call, held: Held) -> Held:
    """The add-on as it is now: what needs nodes is degraded without."""
    groups = parts(call, "nodegroup", held["clusterName"]).values()
    waits = facts()["addons"][held["addonName"]]["nodes"] and not any(machines.running(call, each) for each in groups)
    issue = {
        "code": "InsufficientNumberOfReplicas",
        "message": "The add-on is unhealthy because it doesn't have the desired number of replicas.",
        "resourceIds": [],
    }
    return {
        **public(held),
        "status": "DEGRADED" if waits else "ACTIVE",
        "health": {"issues": [issue] if waits else []},
    }


@handles("eks", "DescribeAddon")
def _describe(call: Call) -> Mapping[str, Any]:
    return {"addon": _shown(call, _addon(call))}


@handles("eks", "ListAddons")
def _list(call: Call) -> Mapping[str, Any]:
    return listed(call, "addons", sorted(parts(call, "addon", cluster(call)["name"])))


@handles("eks", "UpdateAddon")
def _update(call: Call) -> Mapping[str, Any]:
    held, owner = _addon(call), cluster(call)
    name = held["addonName"]
    if call.get("addonVersion"):
        _check_version(name, call.params["addonVersion"], owner["version"])
    _check_values(call.get("configurationValues"))
    _check_role(call, call.get("serviceAccountRoleArn"))
    if call.get("podIdentityAssociations") is not None:
        _forget_identities(call, held)
        held["podIdentityAssociations"] = _identities(call, owner, name, held["addonArn"])
    for parameter in ("addonVersion", "configurationValues", "serviceAccountRoleArn"):
        if call.get(parameter) is not None:
            held[parameter] = call.params[parameter]
    held["modifiedAt"] = world.now()
    told = {
        "AddonVersion": call.get("addonVersion"),
        "ResolveConflicts": call.get("resolveConflicts"),
        "ConfigurationValues": call.get("configurationValues"),
        "ServiceAccountRoleArn": call.get("serviceAccountRoleArn"),
    }
    return note_update(held, "AddonUpdate", told)


def _forget_identities(call: Call, held: Held) -> None:
    associations = parts(call, "pod_identity", held["clusterName"])
    for number in [key for key, each in associations.items() if each.get("ownerArn") == held["addonArn"]]:
        del associations[number]


@handles("eks", "DeleteAddon")
def _delete(call: Call) -> Mapping[str, Any]:
    held = _addon(call)
    _forget_identities(call, held)
    del parts(call, "addon", held["clusterName"])[held["addonName"]]
    return {"addon": {**_shown(call, held), "status": "DELETING"}}


@handles("eks", "DescribeAddonVersions")
def _offered(call: Call) -> Mapping[str, Any]:
    wanted, kubernetes = call.get("addonName"), call.get("kubernetesVersion")
    if wanted and wanted not in facts()["addons"]:
        raise absent(f"Addon {wanted} is not supported.")
    found = []
    for name, each in facts()["addons"].items():
        by_version: dict[str, list[str]] = {}
        for cluster_version, versions in each["versions"].items():
            if kubernetes in {None, cluster_version}:
                for version in versions:
                    by_version.setdefault(version, []).append(cluster_version)
        if wanted not in {None, name} or not by_version:
            continue
        found.append(
            {
                "addonName": name,
                "owner": "aws",
                "publisher": "eks",
                "defaultNamespace": each["namespace"],
                "addonVersions": [
                    {
                        "addonVersion": version,
                        "architecture": ["amd64", "arm64"],
                        "compatibilities": [
                            {"clusterVersion": c, "defaultVersion": each["versions"][c][0] == version} for c in on
                        ],
                    }
                    for version, on in by_version.items()
                ],
            }
        )
    return listed(call, "addons", found)
