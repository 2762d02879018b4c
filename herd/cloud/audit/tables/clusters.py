"""EKS clusters and what hangs on them."""

from __future__ import annotations

from herd.cloud.audit.listing import Item, Listing

_CLUSTER = "aws:eks/cluster:Cluster"
_ENTRY = "aws:eks/accessEntry:AccessEntry"
_IN_CLUSTER = {"clusterName": "$value"}


def _own_entry(item: Item) -> bool:
    # EKS makes the entry of a managed node group's role itself, and never tags it.
    return item["type"] != "EC2_LINUX" or bool(item.get("tags"))


LISTINGS = (
    Listing(
        _CLUSTER,
        "eks",
        "list_clusters",
        "clusters",
        id="value",
        name="value",
        tags="tags",
        details=("describe_cluster", {"name": "value"}, "cluster"),
    ),
    Listing(
        "aws:eks/nodeGroup:NodeGroup",
        "eks",
        "list_nodegroups",
        "nodegroups",
        id=lambda item: f"{item['clusterName']}:{item['nodegroupName']}",
        name="nodegroupName",
        tags="tags",
        params=_IN_CLUSTER,
        over=_CLUSTER,
        details=("describe_nodegroup", {"clusterName": "_parent.value", "nodegroupName": "value"}, "nodegroup"),
    ),
    Listing(
        "aws:eks/addon:Addon",
        "eks",
        "list_addons",
        "addons",
        id=lambda item: f"{item['clusterName']}:{item['addonName']}",
        tags="tags",
        params=_IN_CLUSTER,
        over=_CLUSTER,
        details=("describe_addon", {"clusterName": "_parent.value", "addonName": "value"}, "addon"),
    ),
    Listing(
        _ENTRY,
        "eks",
        "list_access_entries",
        "accessEntries",
        id=lambda item: f"{item['clusterName']}:{item['principalArn']}",
        tags="tags",
        params=_IN_CLUSTER,
        over=_CLUSTER,
        details=("describe_access_entry", {"clusterName": "_parent.value", "principalArn": "value"}, "accessEntry"),
        keep=_own_entry,
        # Somebody else's cluster may let people in by its ConfigMap alone: EKS refuses to list what it can't have.
        none=frozenset({"InvalidRequestException"}),
    ),
    Listing(
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        "eks",
        "list_associated_access_policies",
        "associatedAccessPolicies",
        id=lambda item: "#".join((item["_parent"]["clusterName"], item["_parent"]["principalArn"], item["policyArn"])),
        params={"clusterName": "$clusterName", "principalArn": "$principalArn"},
        over=_ENTRY,
    ),
    Listing(
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        "eks",
        "list_pod_identity_associations",
        "associations",
        id="associationId",
        tags="tags",
        params=_IN_CLUSTER,
        over=_CLUSTER,
        details=(
            "describe_pod_identity_association",
            {"clusterName": "clusterName", "associationId": "associationId"},
            "association",
        ),
    ),
)
