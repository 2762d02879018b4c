"""Whether a node's first network card leaves room for its pods' addresses: the VPC CNI uses no other."""

from __future__ import annotations

from collections.abc import Iterator

from components.base.validation import FieldPath
from components.gpu_cluster import machines
from components.gpu_cluster.bounds import pods_with_addresses
from components.gpu_cluster.spec import ElasticPool, NodeSpec, Pool
from components.hardware import catalogue

Found = Iterator[tuple[FieldPath, str, str]]
"""Path below the pool, what is wrong, what to do."""


def problems(pool: Pool, *, pods_have_subnets: bool) -> Found:
    """Generations whose pods would wait for an address for ever; types that there aren't are told elsewhere.

    Args:
        pool: The pool.
        pods_have_subnets: Whether pods need an interface beside the node's own.
    """
    for at, generation in enumerate(pool.generations):
        node = generation.node
        found = [catalogue.find_type(name) for name in node.instance_types]
        if not all(machine and (machine.efa_supported or not node.efa) for machine in found):
            continue
        for field, message, fix in _of(node, elastic=isinstance(pool, ElasticPool), subnets=pods_have_subnets):
            yield ("generations", at, "node", field), message, fix


def _of(node: NodeSpec, *, elastic: bool, subnets: bool) -> Iterator[tuple[str, str, str]]:
    # Karpenter makes no interface that does both: it has no way to make room.
    wired = machines.wiring(node, pods_have_subnets=subnets and not elastic)
    if subnets and not machines.has_room_for_pods(node, wired):
        message = f"{', '.join(node.instance_types)} has no place on its first network card for pods' addresses"
        yield "efa", message, "make the pool static" if elastic else "leave EFA out, or take another type"
        return
    for machine in machines.machines(node):
        most = pods_with_addresses(machine, pods_have_subnets=subnets)
        if node.max_pods and node.max_pods > most:
            yield "maxPods", f"{machine.name} has addresses for {most} pods, not {node.max_pods}", f"say {most} at most"
