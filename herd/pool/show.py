"""A stack's pools for people and programs: how they are paid for, their generations, what room is left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.table import Table

from components.capacity.spec import CapacityBlockFacts, Reserved
from components.gpu_cluster.bounds import nodes_of
from components.gpu_cluster.spec import Pool, StaticGeneration, StaticPool
from herd.pool.roll import free_nodes
from herd.pool.stack import PoolStack

EMPTY = "no generation"


def rows(stack: PoolStack, names: Iterable[str]) -> list[dict[str, Any]]:
    """Pools as plain data."""
    return [_row(stack, name) for name in names]


def table(found: list[dict[str, Any]]) -> Table:
    """Pools as a table: a line a generation."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("POOL", "CAPACITY", "GENERATION", "PHASE", "NODES", "FREE", "TYPES", "IMAGE", "RELEASE"):
        shown.add_column(title, justify="right" if title in {"NODES", "FREE"} else "left", overflow="fold")
    for row in found:
        head = [row["pool"], _capacity(row)]
        for generation in row["generations"]:
            shown.add_row(
                *head,
                generation["key"],
                generation["phase"],
                f"{generation['nodes']}{_slices(generation)}",
                str(row["freeNodes"]) if head[0] else "",
                ", ".join(generation["instanceTypes"]),
                generation["image"],
                generation["release"],
            )
            head = ["", ""]
        if not row["generations"]:
            shown.add_row(*head, EMPTY, "", "0", str(row["freeNodes"]), "", "", "")
    return shown


def _row(stack: PoolStack, name: str) -> dict[str, Any]:
    pool = stack.pools[name]
    found: dict[str, Any] = {
        "pool": name,
        "kind": pool.kind,
        "capacity": pool.capacity.kind,
        "zones": list(pool.zones),
        "maxNodes": pool.max_nodes,
        "freeNodes": _free(stack, name, pool),
    }
    if isinstance(pool.capacity, Reserved):
        facts = stack.settings.reservations.get(pool.capacity.reservation)
        found["reservation"] = {"name": pool.capacity.reservation, **({"holds": facts.count} if facts else {})}
        if isinstance(facts, CapacityBlockFacts):
            found["reservation"] |= {"start": facts.start.isoformat(), "end": facts.end.isoformat()}
    if isinstance(pool, StaticPool):
        found["nodesPerSlice"] = pool.nodes_per_slice
    found["generations"] = []
    for generation, nodes in zip(pool.generations, nodes_of(pool), strict=True):
        image = stack.releases[generation.release].amis.get(generation.node.image)
        row: dict[str, Any] = {
            "key": generation.key,
            "phase": generation.phase.value,
            "nodes": nodes,
            "instanceTypes": list(generation.node.instance_types),
            "efa": generation.node.efa,
            "image": generation.node.image,
            "imageId": image.id if image else None,
            "release": generation.release,
        }
        if isinstance(generation, StaticGeneration):
            row["slices"] = list(generation.slices)
            row["drainingSlices"] = list(generation.draining_slices)
        found["generations"].append(row)
    return found


def _free(stack: PoolStack, name: str, pool: Pool) -> int:
    known = not isinstance(pool.capacity, Reserved) or pool.capacity.reservation in stack.settings.reservations
    return free_nodes(stack, stack.pools, name) if known else 0


def _capacity(row: dict[str, Any]) -> str:
    reserved = row.get("reservation")
    return f"{row['capacity']} {reserved['name']}" if reserved else str(row["capacity"])


def _slices(generation: dict[str, Any]) -> str:
    if "slices" not in generation:
        return ""
    marks = [f"{number}{'!' if number in generation['drainingSlices'] else ''}" for number in generation["slices"]]
    return f" [{' '.join(marks)}]"
