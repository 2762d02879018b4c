"""Whether a stack's pools can be: what they are promised, where they live, what their generations are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from components.base.context import StackContext
from components.base.problems import InvalidInputError
from components.base.validation import FieldPath
from components.capacity import legal as capacity
from components.capacity.ledger import Finding, Promise, overdrawn
from components.capacity.spec import CapacityBlockFacts, Reservations, Reserved
from components.gpu_cluster import generations, legal
from components.gpu_cluster.bounds import promises
from components.gpu_cluster.generations import Content, Facts
from components.gpu_cluster.spec import ElasticPool, Pool, StaticPool
from components.gpu_cluster.window import closes
from components.release.spec import ReleaseSpec


def problems(
    pools: Mapping[str, Pool],
    reservations: Reservations,
    releases: Mapping[str, ReleaseSpec],
    context: StackContext,
    zone_ids: Mapping[str, str],
    *,
    content: Content,
    others: tuple[Promise, ...] = (),
) -> Iterator[Finding]:
    """Everything that is wrong with the pools of a stack: path below its settings, what is wrong, what to do.

    Args:
        pools: The pools by name.
        reservations: What the stack has reserved.
        releases: Release locks by the name that generations give them.
        context: The stack; its region and zones.
        zone_ids: Ids of zones, by name, where the account's differ from the catalogue's.
        content: What a node is made of.
        others: What else is promised of the reservations, outside of the pools.
    """
    place = capacity.Place(context.region, context.availability_zones, zone_ids)
    facts = Facts(context.stack, reservations, releases, content)
    yield from _zone_ids(place)
    yield from capacity.reservation_findings(reservations, place)
    for name, pool in pools.items():
        found = dict.fromkeys(_pool(name, pool, place, facts))
        yield from ((("pools", name, *path), message, fix) for path, message, fix in found)
    yield from overdrawn((*promises(pools), *others), reservations)


def request_of(pool: Pool) -> capacity.Request:
    """What a pool asks for, whatever its nodes are made of."""
    return capacity.Request(
        pool.capacity,
        pool.zones,
        elastic=isinstance(pool, ElasticPool),
        cluster=isinstance(pool, StaticPool) and pool.placement == "cluster",
        nodes=pool.max_nodes,
    )


def _pool(name: str, pool: Pool, place: capacity.Place, facts: Facts) -> Iterator[Finding]:
    request = request_of(pool)
    for check in capacity.WHOLE:
        for field, message, fix in check(request, place, facts.reservations):
            yield (field,), message, fix
    for rule in generations.CHECKS:
        yield from rule(pool)
    yield from _window(request, facts.reservations)
    sound = []
    for at in range(len(pool.generations)):
        found = [*_generation(pool, at, request, place, facts)]
        yield from found
        if not found:
            sound.append(at)
    # Without the reservation that it names a pool's content can't be told.
    if not isinstance(pool.capacity, Reserved) or request.reserved(facts.reservations):
        yield from generations.keys(name, pool, sound, facts)


def _window(request: capacity.Request, reservations: Reservations) -> Iterator[Finding]:
    """A block's window is long enough for nodes to come, work and leave."""
    block = request.reserved(reservations)
    if isinstance(block, CapacityBlockFacts):
        try:
            closes(block)
        except InvalidInputError as error:
            yield from ((("capacity",), problem.message, problem.fix) for problem in error.problems)


def _generation(
    pool: Pool, at: int, request: capacity.Request, place: capacity.Place, facts: Facts
) -> Iterator[Finding]:
    generation = pool.generations[at]
    here: FieldPath = ("generations", at)
    asked = replace(request, types=generation.node.instance_types, efa=generation.node.efa)
    for check in capacity.MACHINES:
        for field, message, fix in check(asked, place, facts.reservations):
            yield (*here, "node", field) if field in {"instanceTypes", "efa"} else (field,), message, fix
    node = legal.Node(generation.node, request.elastic, facts.releases.get(generation.release), generation.release)
    for rule in legal.CHECKS:
        for path, message, fix in rule(node):
            yield (*here, *path), message, fix


def _zone_ids(place: capacity.Place) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for zone, zone_id in place.zone_ids.items():
        if zone not in place.zones:
            yield ("zoneIds", zone), f"{zone} is no zone of the stack", f"use {', '.join(place.zones)}"
        if zone_id in seen:
            yield ("zoneIds", zone), f"{zone_id} is also {seen[zone_id]}", "give every zone its own id"
        seen.setdefault(zone_id, zone)
