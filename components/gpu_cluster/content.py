"""What a generation's key is the hash of: everything its nodes are made of, and nothing else.

The same derivations as for the real thing, with placeholders for what the cloud knows. Left out are the phase, sizes
and policies that change in place (limits, weight, disruption, repair), and tags, which name the release.
"""

from __future__ import annotations

from typing import Any, Final

from components.capacity.spec import Reservations
from components.gpu_cluster import karpenter, machines, node_group, paid
from components.gpu_cluster.launch_template import launch_template
from components.gpu_cluster.network import PLACEHOLDER_CLUSTER, Ids
from components.gpu_cluster.nodes import Nodes
from components.gpu_cluster.spec import ElasticPool, NodeSpec, Pool
from components.gpu_cluster.user_data import user_data
from components.release.spec import AmiPin

KEY: Final = "${generation.key}"
"""Stands for the key itself, which nodes are labelled with."""


def content(pool_name: str, pool: Pool, node: NodeSpec, image: AmiPin, reservations: Reservations) -> dict[str, Any]:
    """Everything a node of a generation is made of, as plain data that is the same on every machine and every day.

    Args:
        pool_name: The pool, which its nodes are labelled with.
        pool: For its capacity, zones and placement.
        node: The generation's content as a person wrote it.
        image: What the generation's release has for its image.
        reservations: The stack's.

    Raises:
        InvalidInputError: Such nodes can't be had.
    """
    ids = Ids.placeholders(pool.zones, placed=paid.makes_placement_group(pool, reservations))
    if isinstance(pool, ElasticPool):
        elastic = Nodes(pool_name, KEY, pool, node, image, reservations)
        return {
            "format": node.format,
            "nodeClass": karpenter.node_class(elastic, ids),
            "nodePool": karpenter.node_template(elastic),
        }
    static = Nodes(pool_name, KEY, pool, node, image, reservations)
    labels, taints = machines.labels(pool_name, KEY, node), machines.taints(node)
    return {
        "format": node.format,
        "launchTemplate": launch_template(static, ids, user_data(PLACEHOLDER_CLUSTER, node, labels, taints)),
        "nodeGroup": {
            **node_group.fixed(pool, node),
            "subnet_ids": [ids.subnets[zone] for zone in pool.zones],
            "labels": labels,
            "taints": [node_group.taint_arguments(taint) for taint in taints],
        },
    }
