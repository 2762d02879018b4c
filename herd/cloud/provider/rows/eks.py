"""EKS clusters, add-ons, access entries and their policies, pod identity associations. Node groups: `eks_nodes.py`."""

from __future__ import annotations

from typing import Any

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Find, Read, Row, Tags, Wait
from herd.cloud.provider.rows.common import input_of, split
from herd.cloud.provider.scope import Scope

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def tags(arn: str, read: str = "tags") -> Tags:
    """EKS's tags: a map, with calls of their own to change them."""
    return Tags(
        create="tags", form="map", owner=("resourceArn", arn), tags_param="tags", keys_param="tagKeys", read=read
    )


def _logging(enabled: list[str]) -> dict[str, Any]:
    both = ((True, [t for t in LOG_TYPES if t in enabled]), (False, [t for t in LOG_TYPES if t not in enabled]))
    return {"clusterLogging": [{"types": types, "enabled": on} for on, types in both if types]}


def _create_cluster(scope: Scope, params: dict[str, Any]) -> None:
    """Lists where the bridge has one block, and what the provider leaves out when it is left out."""
    if scope.inputs.get("enabledClusterLogTypes"):
        params["logging"] = {"clusterLogging": [{"types": scope.inputs["enabledClusterLogTypes"], "enabled": True}]}


def _cluster_outputs(scope: Scope) -> None:
    found, outputs = scope.found, scope.outputs
    enabled = [
        kind
        for each in (found.get("logging") or {}).get("clusterLogging", ())
        if each.get("enabled")
        for kind in each.get("types", ())
    ]
    issuer = ((found.get("identity") or {}).get("oidc") or {}).get("issuer")
    outputs["enabledClusterLogTypes"] = enabled
    outputs["identities"] = [{"oidcs": [{"issuer": issuer}]}] if issuer else []


def _network(scope: Scope) -> None:
    """One call for the endpoint, one for subnets and groups: EKS takes one kind of change at a time."""
    new, old = scope.inputs.get("vpcConfig") or {}, scope.old.get("vpcConfig") or {}

    def differs(*names: str) -> bool:
        return any(new.get(name) != old.get(name) for name in names)

    if differs("endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs"):
        endpoint = {
            "endpointPrivateAccess": bool(new.get("endpointPrivateAccess", False)),
            "endpointPublicAccess": bool(new.get("endpointPublicAccess", True)),
        }
        if new.get("publicAccessCidrs"):
            endpoint["publicAccessCidrs"] = new["publicAccessCidrs"]
        _finish(scope, scope.run("update_cluster_config", name=scope.id, resourcesVpcConfig=endpoint))
    if differs("subnetIds", "securityGroupIds"):
        places = {"subnetIds": new["subnetIds"], "securityGroupIds": new.get("securityGroupIds") or []}
        _finish(scope, scope.run("update_cluster_config", name=scope.id, resourcesVpcConfig=places))


def _configure(parameter: str) -> Any:
    """A change of one kind of setting."""

    def change(scope: Scope) -> None:
        value = scope.inputs.get(parameter)
        params: dict[str, Any] = {parameter: value}
        _finish(scope, scope.run("update_cluster_config", name=scope.id, **params))

    return change


def _mode(scope: Scope) -> None:
    mode = (scope.inputs.get("accessConfig") or {}).get("authenticationMode")
    if mode and mode != (scope.old.get("accessConfig") or {}).get("authenticationMode"):
        answer = scope.run("update_cluster_config", name=scope.id, accessConfig={"authenticationMode": mode})
        _finish(scope, answer)


def _log(scope: Scope) -> None:
    wanted = _logging(scope.inputs.get("enabledClusterLogTypes") or [])
    _finish(scope, scope.run("update_cluster_config", name=scope.id, logging=wanted))


def _upgrade(scope: Scope) -> None:
    _finish(scope, scope.run("update_cluster_version", name=scope.id, version=scope.inputs.get("version")))


def _encrypt(scope: Scope) -> None:
    answer = scope.run(
        "associate_encryption_config", clusterName=scope.id, encryptionConfig=[scope.inputs["encryptionConfig"]]
    )
    _finish(scope, answer)


def _finish(scope: Scope, answer: dict[str, Any], **part: str) -> None:
    """The provider waits for the update's end, and fails with its errors."""
    from herd.cloud.provider.errors import RefusedError  # noqa: PLC0415

    number = answer["update"]["id"]
    cluster = scope.id if scope.row is CLUSTER else scope.given("clusterName")
    found = scope.run("describe_update", name=cluster, updateId=number, **part)["update"]
    if found["status"] in {"Failed", "Cancelled"}:
        text = "; ".join(f"{each['errorCode']}: {each['errorMessage']}" for each in found.get("errors", ()))
        raise RefusedError(f"eks.{found['type']}", found["status"], f"update {number} of {scope.id}: {text}")


finish_update = _finish

CLUSTER = Row(
    type="aws:eks/cluster:Cluster",
    service="eks",
    create=Call(
        "create_cluster",
        takes=None,
        params={
            "encryptionConfig": lambda s: [s.inputs["encryptionConfig"]] if s.inputs.get("encryptionConfig") else None
        },
        finish=_create_cluster,
    ),
    id="$result.cluster.name",
    reads=(
        Read(
            Call("describe_cluster", {"name": "$id"}),
            "cluster",
            {"encryptionConfig": "encryptionConfig[0]", "identities": "", "enabledClusterLogTypes": ""},
        ),
    ),
    updates=(
        Change(("version",), _upgrade),
        Change(("encryptionConfig",), _encrypt),
        Change(("enabledClusterLogTypes",), _log),
        Change(("vpcConfig",), _network),
        Change(("accessConfig",), _mode),
        Change(("upgradePolicy",), _configure("upgradePolicy")),
        Change(("zonalShiftConfig",), _configure("zonalShiftConfig")),
        Change(("deletionProtection",), _configure("deletionProtection")),
        Change(("controlPlaneScalingConfig",), _configure("controlPlaneScalingConfig")),
    ),
    delete=(Call("delete_cluster", {"name": "$id"}),),
    names={
        "vpcConfig": "resourcesVpcConfig",
        "vpcConfig.vpcId": "vpcId",
        "clusterId": "",
        "enabledClusterLogTypes": "",
        "forceUpdateVersion": "",
        "defaultAddonsToRemoves": "",
    },
    defaults={"bootstrapSelfManagedAddons": True},
    name=AutoName("name"),
    tags=tags("$state.arn"),
    token="clientRequestToken",  # noqa: S106 - the name of a parameter
    natural=True,
    wait=Wait("status", frozenset({"ACTIVE"}), frozenset({"FAILED"})),
    after_read=_cluster_outputs,
    tells=("enabledClusterLogTypes",),
    watched=("enabledClusterLogTypes",),
    never_read=("bootstrapSelfManagedAddons",),
    fixed=("forceUpdateVersion", "defaultAddonsToRemoves"),
)


def _addon_names() -> dict[str, Any]:
    return {"clusterName": input_of("clusterName"), "addonName": input_of("addonName")}


def _update_addon(scope: Scope) -> None:
    given = scope.inputs
    params: dict[str, Any] = {"addonVersion": given.get("addonVersion")} if scope.changed("addonVersion") else {}
    if scope.changed("configurationValues"):
        params["configurationValues"] = given.get("configurationValues") or ""
    if scope.changed("serviceAccountRoleArn"):
        params["serviceAccountRoleArn"] = given.get("serviceAccountRoleArn")
    if scope.changed("podIdentityAssociations"):
        params["podIdentityAssociations"] = given.get("podIdentityAssociations") or []
    if not params:
        return  # the rest matters to the provider alone
    params["resolveConflicts"] = given.get("resolveConflictsOnUpdate")
    names = {"clusterName": given["clusterName"], "addonName": given["addonName"]}
    finish_update(scope, scope.run("update_addon", **names, **params), addonName=given["addonName"])


def _addon_identities(scope: Scope) -> None:
    """DescribeAddon names associations; the provider looks up what they associate."""
    found = []
    for arn in scope.found.get("podIdentityAssociations") or ():
        answer = scope.run(
            "describe_pod_identity_association",
            clusterName=scope.found["clusterName"],
            associationId=arn.rpartition("/")[2],
        )["association"]
        found.append({"roleArn": answer["roleArn"], "serviceAccount": answer["serviceAccount"]})
    scope.outputs["podIdentityAssociations"] = found


ADDON = Row(
    type="aws:eks/addon:Addon",
    service="eks",
    create=Call("create_addon", takes=None, params={"resolveConflicts": "$inputs.resolveConflictsOnCreate"}),
    id=lambda s: f"{s.inputs['clusterName']}:{s.inputs['addonName']}",
    reads=(
        Read(
            Call("describe_addon", _addon_names()),
            "addon",
            {"arn": "addonArn", "podIdentityAssociations": ""},
        ),
    ),
    updates=(
        Change(
            (
                "addonVersion",
                "configurationValues",
                "serviceAccountRoleArn",
                "podIdentityAssociations",
                "resolveConflictsOnCreate",
                "resolveConflictsOnUpdate",
            ),
            _update_addon,
        ),
    ),
    delete=(Call("delete_addon", {**_addon_names(), "preserve": "$inputs.preserve"}),),
    names={"resolveConflictsOnCreate": "", "resolveConflictsOnUpdate": "", "preserve": ""},
    tags=tags("$state.arn"),
    token="clientRequestToken",  # noqa: S106 - the name of a parameter
    natural=True,
    wait=Wait("status", frozenset({"ACTIVE"}), frozenset({"CREATE_FAILED", "DELETE_FAILED", "UPDATE_FAILED"})),
    after_read=_addon_identities,
    tells=("podIdentityAssociations",),
    parse=split(":", "clusterName", "addonName"),
    fixed=("preserve", "resolveConflictsOnCreate", "resolveConflictsOnUpdate"),
    never_read=("preserve", "resolveConflictsOnCreate", "resolveConflictsOnUpdate"),
)


def _principal_names() -> dict[str, Any]:
    return {"clusterName": input_of("clusterName"), "principalArn": input_of("principalArn")}


ACCESS_ENTRY = Row(
    type="aws:eks/accessEntry:AccessEntry",
    service="eks",
    create=Call("create_access_entry", takes=None),
    id=lambda s: f"{s.inputs['clusterName']}:{s.inputs['principalArn']}",
    reads=(Read(Call("describe_access_entry", _principal_names()), "accessEntry"),),
    updates=(
        Change(
            ("kubernetesGroups", "userName"),
            (Call("update_access_entry", _principal_names(), takes=("kubernetesGroups", "userName")),),
        ),
    ),
    delete=(Call("delete_access_entry", _principal_names()),),
    names={"userName": "username"},
    defaults={"type": "STANDARD"},
    tags=tags("$state.accessEntryArn"),
    token="clientRequestToken",  # noqa: S106 - the name of a parameter
    natural=True,
    parse=split(":", "clusterName", "principalArn"),
)


def _own_policy(scope: Scope, answer: Any) -> Any:
    wanted = scope.given("policyArn")
    return next((each for each in answer["associatedAccessPolicies"] if each["policyArn"] == wanted), None)


ACCESS_POLICY_ASSOCIATION = Row(
    type="aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    service="eks",
    create=Call("associate_access_policy", takes=None, waits_for=frozenset({"ResourceNotFoundException"})),
    id=lambda s: "#".join(s.inputs[name] for name in ("clusterName", "principalArn", "policyArn")),
    reads=(
        Read(
            Call("list_associated_access_policies", _principal_names()),
            "associatedAccessPolicies[0]",
            select=_own_policy,
        ),
    ),
    delete=(Call("disassociate_access_policy", {**_principal_names(), "policyArn": input_of("policyArn")}),),
    outputs={"clusterName": input_of("clusterName"), "principalArn": input_of("principalArn")},
    natural=True,
    parse=split("#", "clusterName", "principalArn", "policyArn"),
)


def _pod_names() -> dict[str, Any]:
    return {"clusterName": input_of("clusterName"), "associationId": "$id"}


POD_IDENTITY_ASSOCIATION = Row(
    type="aws:eks/podIdentityAssociation:PodIdentityAssociation",
    service="eks",
    create=Call("create_pod_identity_association", takes=None),
    id="$result.association.associationId",
    reads=(Read(Call("describe_pod_identity_association", _pod_names()), "association"),),
    updates=(
        Change(
            ("roleArn", "targetRoleArn", "disableSessionTags", "policy"),
            (
                Call(
                    "update_pod_identity_association",
                    _pod_names(),
                    takes=("roleArn", "targetRoleArn", "disableSessionTags", "policy"),
                ),
            ),
        ),
    ),
    delete=(Call("delete_pod_identity_association", _pod_names()),),
    tags=tags("$state.associationArn"),
    token="clientRequestToken",  # noqa: S106 - the name of a parameter
    natural=True,
    find=Find(
        Call(
            "list_pod_identity_associations",
            {
                "clusterName": "$inputs.clusterName",
                "namespace": "$inputs.namespace",
                "serviceAccount": "$inputs.serviceAccount",
            },
        ),
        "associations[].associationId",
    ),
)

ROWS = (CLUSTER, ADDON, ACCESS_ENTRY, ACCESS_POLICY_ASSOCIATION, POD_IDENTITY_ASSOCIATION)
