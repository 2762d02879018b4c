"""What EKS demands of a node group's settings, its launch template apart (`_eks_templates`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from herd.cloud import world
from herd.cloud.extensions._eks_held import Held, role, trusts
from herd.cloud.wire import Call

_RESERVED_LABELS = ("kubernetes.io/", "k8s.io/", "eks.amazonaws.com/")
_LABEL = re.compile(r"([a-z0-9A-Z.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_MOST_TAINTS = 50
SIZES = {"minSize": 1, "maxSize": 2, "desiredSize": 2}  # EKS's own, where the request names none


def problems(call: Call, owner: Held) -> Iterator[str]:
    """Everything EKS would refuse CreateNodegroup for, in its words."""
    asked = call.params
    if not _NAME.fullmatch(asked["nodegroupName"]):
        yield "The nodegroup name must have 1 to 63 letters, digits, hyphens and underscores, and begin with no sign."
    yield from _role_problems(call, asked["nodeRole"])
    for identifier in asked["subnets"]:
        subnet = world.subnet(call, identifier)
        if subnet is None:
            yield f"The subnet ID '{identifier}' does not exist"
        elif subnet.vpc_id != owner["resourcesVpcConfig"]["vpcId"]:
            yield f"The subnet ID '{identifier}' is not in the cluster's VPC {owner['resourcesVpcConfig']['vpcId']}"
    if not asked["subnets"]:
        yield "At least one subnet must be specified."
    yield from size_problems({**SIZES, **(asked.get("scalingConfig") or {})})
    yield from label_problems(asked.get("labels") or {})
    yield from taint_problems(asked.get("taints") or [])
    yield from config_problems(asked)
    if asked.get("capacityType") == "CAPACITY_BLOCK" and len(asked["subnets"]) != 1:
        yield "Capacity type CAPACITY_BLOCK takes the one subnet in the zone of the Capacity Block."


def _role_problems(call: Call, role_arn: str) -> Iterator[str]:
    found = role(call, role_arn)
    if found is None:
        yield f"The role with name {role_arn.rpartition('/')[2]} cannot be found."
    elif not trusts(found, "ec2.amazonaws.com", "sts:AssumeRole"):
        yield (
            "Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of "
            f"nodeRole {role_arn}"
        )


def size_problems(sizes: Mapping[str, int]) -> Iterator[str]:
    """Sizes that don't fit each other."""
    least, most, desired = sizes["minSize"], sizes["maxSize"], sizes["desiredSize"]
    if least > desired:
        yield f"Minimum capacity {least} can't be greater than desired size {desired}"
    if desired > most:
        yield f"desired capacity {desired} can't be greater than max size {most}"


def label_problems(labels: Mapping[str, str]) -> Iterator[str]:
    """Labels that EKS keeps for itself, or that Kubernetes doesn't take."""
    if any(key.startswith(_RESERVED_LABELS) for key in labels):
        yield f"Label cannot contain reserved prefixes [{', '.join(_RESERVED_LABELS)}]"
    for key, value in labels.items():
        if not _LABEL.fullmatch(key) or not _VALUE.fullmatch(value):
            yield f"Label {key}={value} is not valid in Kubernetes."


def taint_problems(taints: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Taints that are there twice, or that Kubernetes doesn't take."""
    seen = [(each.get("key"), each.get("effect")) for each in taints]
    if len(seen) != len(set(seen)):
        yield "Duplicate taints: a key can have an effect only once."
    if len(taints) > _MOST_TAINTS:
        yield f"A node group can have {_MOST_TAINTS} taints."
    for each in taints:
        if not each.get("key") or not each.get("effect"):
            yield "A taint needs a key and an effect."
        elif not _LABEL.fullmatch(each["key"]) or not _VALUE.fullmatch(each.get("value", "")):
            yield f"Taint {each['key']}={each.get('value', '')} is not valid in Kubernetes."


def config_problems(asked: Mapping[str, Any]) -> Iterator[str]:
    """Two ways of counting at once, in updates and in repairs."""
    update, repair = asked.get("updateConfig") or {}, asked.get("nodeRepairConfig") or {}
    if "maxUnavailable" in update and "maxUnavailablePercentage" in update:
        yield "Only one of maxUnavailable and maxUnavailablePercentage can be specified."
    for name in ("maxUnhealthyNodeThreshold", "maxParallelNodesRepaired"):
        if f"{name}Count" in repair and f"{name}Percentage" in repair:
            yield f"Only one of {name}Count and {name}Percentage can be specified."
