"""How EKS clusters may change: one kind of setting a call, one minor version at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.extensions import _eks_rules as rules
from herd.cloud.extensions import handles
from herd.cloud.extensions._eks_clusters import asked_types, shown_types, write_logs
from herd.cloud.extensions._eks_held import Held, cluster, in_use, invalid, note_update, parts
from herd.cloud.wire import Call

# Parameter of UpdateClusterConfig -> what the update is called.
_KINDS = {
    "logging": "LoggingUpdate",
    "accessConfig": "AccessConfigUpdate",
    "upgradePolicy": "UpgradePolicyUpdate",
    "zonalShiftConfig": "ZonalShiftConfigUpdate",
    "deletionProtection": "DeletionProtectionUpdate",
    "controlPlaneScalingConfig": "ControlPlaneScalingConfigUpdate",
}
_ENDPOINT = ("endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs")


@handles("eks", "UpdateClusterConfig")
def _configure(call: Call) -> Mapping[str, Any]:
    found = cluster(call)
    rules.unmodelled(call)
    asked = call.get("resourcesVpcConfig") or {}
    kinds = [kind for parameter, kind in _KINDS.items() if parameter in call.params]
    kinds += ["EndpointAccessUpdate"] if asked.keys() & set(_ENDPOINT) else []
    kinds += ["VpcConfigUpdate"] if asked.keys() & {"subnetIds", "securityGroupIds"} else []
    if len(kinds) > 1:
        # The message: aws/aws-cdk, issue 21439; kubernetes-sigs/cluster-api-provider-aws, issue 3553.
        raise invalid("Only one type of update can be allowed.")
    if not kinds:
        raise invalid("Invalid type for cluster update.")
    kind = kinds[0]
    if kind in {"EndpointAccessUpdate", "VpcConfigUpdate"}:
        return _change_network(call, found, asked, kind)
    parameter = next(name for name, each in _KINDS.items() if each == kind)
    if kind == "LoggingUpdate":
        return _changeshown_types(call, found)
    if kind == "AccessConfigUpdate":
        rules.access_change(found["accessConfig"], call.params[parameter])
    value = call.params[parameter]
    if value == found[parameter] or (isinstance(value, dict) and {**found[parameter], **value} == found[parameter]):
        raise invalid(f"Cluster is already at the desired configuration with {parameter}: {value}")
    found[parameter] = {**found[parameter], **value} if isinstance(value, dict) else value
    return note_update(found, kind, {parameter[0].upper() + parameter[1:]: value})


def _change_network(call: Call, found: Held, asked: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    before = found["resourcesVpcConfig"]
    own = ("vpcId", "clusterSecurityGroupId")
    merged = rules.network(call, {**{k: v for k, v in before.items() if k not in own}, **asked}, found["name"])
    if merged["vpcId"] != before["vpcId"]:
        raise invalid("Subnets provided must belong to the same VPC as the cluster.")
    merged["clusterSecurityGroupId"] = before["clusterSecurityGroupId"]
    if merged == before:
        raise invalid(
            f"Cluster is already at the desired configuration with endpointPrivateAccess: "
            f"{before['endpointPrivateAccess']} , endpointPublicAccess: {before['endpointPublicAccess']}, and Public "
            f"Endpoint Restrictions: {before['publicAccessCidrs']}"
        )
    found["resourcesVpcConfig"] = merged
    if kind == "VpcConfigUpdate":
        world.delete_interfaces(call, found["_interfaces"])
        groups = [merged["clusterSecurityGroupId"], *merged["securityGroupIds"]]
        found["_interfaces"] = [
            world.create_interface(call, subnet, groups, f"Amazon EKS {found['name']}")
            for subnet in merged["subnetIds"]
        ]
    return note_update(found, kind, {key[0].upper() + key[1:]: value for key, value in asked.items()})


def _changeshown_types(call: Call, found: Held) -> Mapping[str, Any]:
    before = set(asked_types(found["logging"], on=True))
    after = (before | set(asked_types(call.params["logging"], on=True))) - set(
        asked_types(call.params["logging"], on=False)
    )
    if after == before:
        raise invalid("No changes needed for the logging config provided")
    found["logging"] = {"clusterLogging": shown_types(after)}
    write_logs(call, found)
    return note_update(found, "LoggingUpdate", {"ClusterLogging": call.params["logging"]})


@handles("eks", "UpdateClusterVersion")
def _upgrade(call: Call) -> Mapping[str, Any]:
    found = cluster(call)
    before, after = found["version"], rules.version(call.params["version"])
    if rules.minor(after) != rules.minor(before) + 1:
        raise invalid(f"Unsupported Kubernetes minor version update from {before} to {after}")
    # Kubernetes' own rule on skew: kubelets may be three minor versions behind the API server.
    old = [g["nodegroupName"] for g in parts(call, "nodegroup", found["name"]).values() if _behind(g, after)]
    if old:
        raise invalid(f"Nodegroups {', '.join(sorted(old))} must be updated to match cluster version {before} first.")
    found["version"] = after
    return note_update(found, "VersionUpdate", {"Version": after, "PlatformVersion": found["platformVersion"]})


def _behind(group: Mapping[str, Any], version: str) -> bool:
    skew = 3
    return rules.minor(version) - rules.minor(group["version"]) > skew


@handles("eks", "AssociateEncryptionConfig")
def _encrypt(call: Call) -> Mapping[str, Any]:
    found = cluster(call)
    if found["encryptionConfig"]:
        raise in_use("Encryption config is already associated with the cluster and can't be changed.")
    found["encryptionConfig"] = rules.encryption(call, call.params["encryptionConfig"])
    return note_update(found, "AssociateEncryptionConfig", {"EncryptionConfig": call.params["encryptionConfig"]})
