"""HERD-049: who may do what in a cluster is written down as access entries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.kubernetes.workload_kinds import LISTS
from policies.rules._shared.kubernetes.workloads import objects
from policies.rules._shared.types import CONFIG_MAP, EKS_CLUSTER

_MAP: Final = "aws-auth"
_WITH_ENTRIES: Final = ("API", "API_AND_CONFIG_MAP")
_ASSOCIATION: Final = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
_ADMINISTRATOR: Final = "/AmazonEKSClusterAdminPolicy"
# The root user, or an account as a whole as policies elsewhere mean it; a pattern. EKS takes one user or role.
_BROAD: Final = re.compile(r".*\*.*|arn:[\w-]+:iam::\d+:root|\d+")


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """EKS takes the aws-auth map alone, and makes the creator an administrator for ever, unless told otherwise."""
    if resource.type == _ASSOCIATION:
        yield from _association(resource.props)
        return
    if resource.type != EKS_CLUSTER:
        for name, manifest in objects(resource):
            if name == CONFIG_MAP and manifest.text("metadata", "name") == _MAP:
                yield from _map(manifest)
        return
    access = resource.props.at("accessConfig")
    mode = access.at("authenticationMode")
    value = mode.literal()
    if (value or "CONFIG_MAP").upper() not in _WITH_ENTRIES:
        told = f"is {value}" if value else "is absent, which EKS reads as CONFIG_MAP"
        yield Violation(mode, f"authenticationMode {told}: access entries don't work")
    creator = access.at("bootstrapClusterCreatorAdminPermissions")
    if creator.flag(default=True):
        yield Violation(creator, "whoever makes the cluster stays its administrator, in no list anybody reviews")


def _association(props: Node) -> Iterator[Violation]:
    principal = props.at("principalArn")
    name = principal.text() or ""
    if (props.text("policyArn") or "").endswith(_ADMINISTRATOR) and _BROAD.fullmatch(name):
        message = f"{name} is no one role, and would be the cluster's administrator"
        yield Violation(principal, message, "Name the ARN of the one role that deploys; give others a narrower policy.")


def _map(manifest: Node) -> Iterator[Violation]:
    for key in ("mapRoles", "mapUsers", "mapAccounts"):
        place = manifest.at("data", key)
        if (place.text() or "").strip() not in ("", "[]"):
            message = "gives access to the cluster by the aws-auth map, which one wrong edit locks everybody out of"
            yield Violation(place, message, "Make an access entry for each role (aws.eks.AccessEntry).")


RULE: Final = ResourceRule(
    id="HERD-049",
    name="cluster-access-entries",
    pack="security",
    title="Access to a cluster is by access entries, and its creator is no administrator",
    severity=everywhere(Severity.MEDIUM),
    types=(EKS_CLUSTER, _ASSOCIATION, CONFIG_MAP, *LISTS),
    properties=(
        "accessConfig.authenticationMode",
        "accessConfig.bootstrapClusterCreatorAdminPermissions",
        "principalArn",
        "data",
    ),
    why=(
        "The aws-auth map is an object within the cluster that one wrong edit locks everybody out of; the creator's"
        " rights are in no map and no plan."
    ),
    fix='Write access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False}.',
    mappings={"pulumi": ("eks-cluster-access-manager-enabled",)},
    check=check,
)
