"""EKS: clusters, node groups, add-ons, access entries, pod identities, tags. moto's own is not asked.

Everything is there at once: nothing stays CREATING. Fargate, Auto Mode, Outposts, hybrid nodes and insights aren't
modelled and are refused as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from herd.cloud.errors import not_modelled
from herd.cloud.extensions import (
    _eks_access,
    _eks_addons,
    _eks_cluster_changes,
    _eks_clusters,
    _eks_nodegroups,
    _eks_pods,
    handles,
)
from herd.cloud.extensions._eks_held import Held, absent
from herd.cloud.wire import Call

PARTS = (_eks_clusters, _eks_cluster_changes, _eks_nodegroups, _eks_addons, _eks_access, _eks_pods)
_ARNS = {
    "nodegroup": "nodegroupArn",
    "addon": "addonArn",
    "access_entry": "accessEntryArn",
    "pod_identity": "associationArn",
}


def _tagged(call: Call) -> Iterator[tuple[str, Held]]:
    for each in call.objects("cluster").values():
        yield each["arn"], each
    for kind, member in _ARNS.items():
        for held in call.objects(kind).values():
            for each in held.values():
                yield each[member], each


@handles("eks", "TagResource", "UntagResource", "ListTagsForResource")
def _tags(call: Call) -> Mapping[str, Any]:
    wanted = call.params["resourceArn"]
    found = next((held for name, held in _tagged(call) if name == wanted), None)
    if found is None:
        raise absent(f"The resource {wanted} does not exist.")
    if call.operation == "TagResource":
        found["tags"] = {**found["tags"], **call.params["tags"]}
    elif call.operation == "UntagResource":
        found["tags"] = {key: value for key, value in found["tags"].items() if key not in call.params["tagKeys"]}
    return {"tags": found["tags"]} if call.operation == "ListTagsForResource" else {}


@handles("eks", "CreateFargateProfile", "DescribeFargateProfile", "ListFargateProfiles", "DeleteFargateProfile")
def _fargate(call: Call) -> Mapping[str, Any]:
    raise not_modelled(call.service, call.operation)
