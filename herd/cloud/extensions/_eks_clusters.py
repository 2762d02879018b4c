"""EKS clusters: what AWS demands of one, what it makes beside one, and how it may change."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from herd.cloud import clock, world
from herd.cloud.extensions import _eks_rules as rules
from herd.cloud.extensions import handles
from herd.cloud.extensions._eks_held import (
    Held,
    absent,
    cluster,
    facts,
    in_use,
    listed,
    parts,
    public,
    refused,
    repeated,
)
from herd.cloud.wire import Call

GROUP_DESCRIPTION = (
    "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any "
    "managed workloads."
)
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


@handles("eks", "CreateCluster")
def _create(call: Call) -> Mapping[str, Any]:
    clusters, name = call.objects("cluster"), call.params["name"]
    if name in clusters:
        if repeated(clusters[name], call):
            return {"cluster": public(clusters[name])}
        raise in_use(f"Cluster already exists with name: {name}")
    rules.unmodelled(call)
    rules.check_role(call, call.params["roleArn"])
    version = rules.version(call.get("version"))
    network = rules.network(call, call.params["resourcesVpcConfig"], name)
    access = rules.access(call.get("accessConfig") or {})
    encryption = rules.encryption(call, call.get("encryptionConfig") or [])
    services = rules.services(call, call.get("kubernetesNetworkConfig") or {}, network["vpcId"])
    number = uuid.uuid4().hex.upper()
    made: Held = {
        "name": name,
        "arn": world.arn(call, "eks", f"cluster/{name}"),
        "createdAt": world.now(),
        "version": version,
        "endpoint": f"https://{number}.gr7.{call.region}.eks.amazonaws.com",
        "roleArn": call.params["roleArn"],
        "resourcesVpcConfig": network,
        "kubernetesNetworkConfig": services,
        "logging": {"clusterLogging": shown_types(set(asked_types(call.get("logging"), on=True)))},
        "identity": {"oidc": {"issuer": f"https://oidc.eks.{call.region}.amazonaws.com/id/{number}"}},
        "status": "ACTIVE",
        "certificateAuthority": {"data": _authority(name)},
        "platformVersion": "eks.1",
        "tags": dict(call.get("tags") or {}),
        "encryptionConfig": encryption,
        "accessConfig": access,
        "upgradePolicy": {"supportType": "EXTENDED", **(call.get("upgradePolicy") or {})},
        "zonalShiftConfig": {"enabled": False, **(call.get("zonalShiftConfig") or {})},
        "deletionProtection": bool(call.get("deletionProtection")),
        "controlPlaneScalingConfig": {"tier": "standard", **(call.get("controlPlaneScalingConfig") or {})},
        "health": {"issues": []},
        "_token": call.get("clientRequestToken"),
    }
    _lay_out(call, made)
    write_logs(call, made)
    clusters[name] = made
    _open_api(call, made)
    return {"cluster": public(made)}


def _authority(name: str) -> str:
    """Something where the cluster's certificate would be; nobody can verify anything with it."""
    body = base64.b64encode(f"stand-in certificate authority of {name} {uuid.uuid4()}".encode()).decode()
    return base64.b64encode(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode()).decode()


def asked_types(logging: Mapping[str, Any] | None, *, on: bool) -> list[str]:
    """The kinds of log that a request turns on, or off."""
    setups = (logging or {}).get("clusterLogging") or []
    return [kind for each in setups if bool(each.get("enabled")) is on for kind in each.get("types") or []]


def shown_types(enabled: set[str]) -> list[Held]:
    """Both lists, as EKS answers them: what is on and what is off."""
    both = ((True, [t for t in LOG_TYPES if t in enabled]), (False, [t for t in LOG_TYPES if t not in enabled]))
    return [{"types": types, "enabled": on} for on, types in both if types]


def _lay_out(call: Call, made: Held) -> None:
    """The security group and the interfaces that EKS makes in the VPC: they keep it from being taken down."""
    name, network = made["name"], made["resourcesVpcConfig"]
    backend = world.ec2(call)
    group = backend.create_security_group(
        f"eks-cluster-sg-{name}-{uuid.uuid4().int % 10**9}",
        GROUP_DESCRIPTION,
        network["vpcId"],
        tags={
            "Name": f"eks-cluster-sg-{name}",
            "aws:eks:cluster-name": name,
            f"kubernetes.io/cluster/{name}": "owned",
        },
    )
    itself = [{"GroupId": group.id}]
    backend.authorize_security_group_ingress(group.id, "-1", None, None, [], source_groups=itself, vpc_id=group.vpc_id)
    network["clusterSecurityGroupId"] = group.id
    groups = [group.id, *network["securityGroupIds"]]
    made["_interfaces"] = [
        world.create_interface(call, subnet, groups, f"Amazon EKS {name}") for subnet in network["subnetIds"]
    ]


@dataclass(eq=False)
class Endpoint:
    """A cluster as its Kubernetes API sees it: whose objects hang on it, and go when it goes."""

    name: str
    endpoint: str
    certificate_authority: Mapping[str, str]


def _open_api(call: Call, made: Held) -> None:
    # `herd.cloud.kubernetes` finds clusters in moto's list, which nothing else looks at.
    _listed(call)[made["name"]] = Endpoint(made["name"], made["endpoint"], made["certificateAuthority"])


def _listed(call: Call) -> Any:
    from moto.eks.models import eks_backends  # noqa: PLC0415

    return eks_backends[call.account][call.region].clusters


def write_logs(call: Call, made: Held) -> None:
    """EKS makes the log group of a control plane that logs, if nobody made it before."""
    from moto.logs.models import logs_backends  # noqa: PLC0415

    group = f"/aws/eks/{made['name']}/cluster"
    backend = logs_backends[call.account][call.region]
    if any(each["enabled"] for each in made["logging"]["clusterLogging"]) and group not in backend.groups:
        backend.create_log_group(group, tags={})


@handles("eks", "DescribeCluster")
def _describe(call: Call) -> Mapping[str, Any]:
    return {"cluster": public(cluster(call))}


@handles("eks", "ListClusters")
def _list(call: Call) -> Mapping[str, Any]:
    return listed(call, "clusters", sorted(call.objects("cluster")))


@handles("eks", "DeleteCluster")
def _delete(call: Call) -> Mapping[str, Any]:
    found = cluster(call)
    name = found["name"]
    if found["deletionProtection"]:
        raise refused(f"Cluster {name} has deletion protection enabled. Disable deletion protection to delete it.")
    if parts(call, "nodegroup", name):
        raise in_use("Cluster has nodegroups attached")
    for kind in ("addon", "access_entry", "pod_identity", "nodegroup"):
        call.objects(kind).pop(name, None)
    world.delete_interfaces(call, found["_interfaces"])
    world.ec2(call).groups[found["resourcesVpcConfig"]["vpcId"]].pop(
        found["resourcesVpcConfig"]["clusterSecurityGroupId"], None
    )
    del call.objects("cluster")[name]
    _listed(call).pop(name, None)
    return {"cluster": {**public(found), "status": "DELETING"}}


@handles("eks", "DescribeUpdate", "ListUpdates")
def _updates(call: Call) -> Mapping[str, Any]:
    owner = cluster(call)
    for parameter, kind in (("nodegroupName", "nodegroup"), ("addonName", "addon")):
        if call.get(parameter):
            held = parts(call, kind, owner["name"])
            if call.params[parameter] not in held:
                raise absent(f"No {kind} found for name: {call.params[parameter]}.")
            owner = held[call.params[parameter]]
    updates = owner.get("_updates", {})
    if call.operation == "ListUpdates":
        return listed(call, "updateIds", updates)
    if call.params["updateId"] not in updates:
        raise absent(f"No update found for ID: {call.params['updateId']}")
    return {"update": updates[call.params["updateId"]]}


@handles("eks", "DescribeClusterVersions")
def _versions(call: Call) -> Mapping[str, Any]:
    wanted, now = call.get("clusterVersions"), clock.now().date()
    shown = []
    for name, each in reversed(facts()["versions"].items()):
        status = rules.support(name)
        if status == "UNSUPPORTED" and not call.get("includeAll"):
            continue
        if (wanted and name not in wanted) or each["released"] > now:
            continue
        if call.get("defaultOnly") and name != facts()["default_version"]:
            continue
        if call.get("versionStatus", status) != status:
            continue
        shown.append(
            {
                "clusterVersion": name,
                "clusterType": "eks",
                "defaultPlatformVersion": "eks.1",
                "defaultVersion": name == facts()["default_version"],
                "releaseDate": _midnight(each["released"]),
                "endOfStandardSupportDate": _midnight(each["standard_until"]),
                "endOfExtendedSupportDate": _midnight(each["extended_until"]),
                "status": status.lower().replace("_", "-"),
                "versionStatus": status,
            }
        )
    return listed(call, "clusterVersions", shown)


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)
