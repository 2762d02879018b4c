"""What must hold between the generations of a pool, and between a generation and its key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from components.base.problems import InvalidInputError
from components.base.validation import FieldPath
from components.capacity.spec import Reservations, Reserved
from components.gpu_cluster.bounds import nodes_of
from components.gpu_cluster.keys import content_hash, hash_of
from components.gpu_cluster.spec import ElasticPool, NodeSpec, Phase, Pool, StaticPool
from components.release.spec import AmiPin, ReleaseSpec

Found = Iterator[tuple[FieldPath, str, str]]
"""Path below the pool, what is wrong, what to do."""

Content = Callable[[str, Pool, NodeSpec, AmiPin, Reservations], Mapping[str, Any]]
"""`content(pool name, pool, node, image, reservations)`: everything a node of a generation is made of."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the pools of a stack are judged by.

    Attributes:
        stack: The stack's name, for commands.
        reservations: What the stack has reserved, by name.
        releases: Release locks by the name that generations give them.
        content: What a node is made of.
    """

    stack: str
    reservations: Reservations
    releases: Mapping[str, ReleaseSpec]
    content: Content


UNKNOWN_HASH: Final = "0" * 8
"""What a person writes for a hash that `herd pool roll --fresh` will work out."""


def order(pool: Pool) -> Found:
    """Numbers count up, oldest first: the last generation is the newest."""
    last = 0
    for at, generation in enumerate(pool.generations):
        path = ("generations", at, "key")
        if generation.number == last:
            yield path, f"there is a generation {last} already", "number the generations in the order they were made"
        elif generation.number < last:
            yield path, f"stands after generation {last}", "put the oldest first"
        last = max(last, generation.number)


def sizes(pool: Pool) -> Found:
    """All generations together are no larger than the pool may get; draining ones count, their nodes live."""
    if isinstance(pool, StaticPool) and pool.nodes_per_slice > pool.max_nodes:
        message = f"a slice of {pool.nodes_per_slice} nodes is larger than the pool, {pool.max_nodes}"
        yield ("nodesPerSlice",), message, "make slices smaller or maxNodes larger"
        return
    held = [*zip(pool.generations, nodes_of(pool), strict=True)]
    total = sum(nodes for _, nodes in held)
    if total > pool.max_nodes:
        parts = ", ".join(f"{generation.key} {nodes}" for generation, nodes in held if nodes)
        field = "slices" if isinstance(pool, StaticPool) else "maxNodes"
        last = max(at for at, (_, nodes) in enumerate(held) if nodes)
        message = f"{parts}: together {total} nodes, the pool's maxNodes is {pool.max_nodes}"
        yield ("generations", last, field), message, "retire what is drained, or raise maxNodes with quota and subnets"


def phases(pool: Pool) -> Found:
    """A draining generation drains whole."""
    for at, generation in enumerate(pool.generations if isinstance(pool, StaticPool) else ()):
        if generation.phase is Phase.DRAINING and generation.draining_slices:
            path = ("generations", at, "drainingSlices")
            yield path, "the whole generation is draining", "remove it"


def disruption(pool: Pool) -> Found:
    """Reserved nodes are never given back to save money: they are paid for."""
    if not isinstance(pool, ElasticPool):
        return
    asked = pool.disruption
    said = asked.model_fields_set
    if isinstance(pool.capacity, Reserved):
        kept = {"consolidate_after": "never", "expire_after": "never", "while_running": False, "max_nodes_percent": 0}
        for field, value in kept.items():
            if field in said and getattr(asked, field) != value:
                name = type(asked).model_fields[field].alias or field
                message = "reserved nodes are never taken away: what is reserved is paid for anyway"
                yield ("disruption", name), message, "remove it"
    elif asked.while_running and asked.consolidate_after == "never":
        yield ("disruption", "whileRunning"), "nodes are never taken away to save money", "remove it"


CHECKS: Final[tuple[Callable[[Pool], Found], ...]] = (order, sizes, phases, disruption)


def keys(name: str, pool: Pool, sound: Iterable[int], facts: Facts) -> Found:
    """Every generation is what its key says: a living node never changes.

    Args:
        name: The pool's name.
        pool: The pool.
        sound: Positions of the generations whose content can be told.
        facts: What they are judged by.
    """
    wrong: list[tuple[int, str]] = []
    for at in sound:
        generation = pool.generations[at]
        image = facts.releases[generation.release].amis[generation.node.image]
        try:
            actual = content_hash(facts.content(name, pool, generation.node, image, facts.reservations))
        except InvalidInputError as error:
            for problem in error.problems:
                yield ("generations", at), problem.message, problem.fix
            continue
        if actual != hash_of(generation.key):
            wrong.append((at, actual))
    every = len(wrong) == len(pool.generations) > 1
    for at, actual in wrong:
        key = pool.generations[at].key
        path = ("generations", at, "key")
        if hash_of(key) == UNKNOWN_HASH:
            fix = f"`herd pool roll {facts.stack} {name} --fresh` writes the keys of a stack that was never deployed"
            yield path, f"nobody has worked out the hash: it is {actual}", fix
        elif every:
            message = f"the content's hash is {actual}: capacity, zones or placement changed, every key here is wrong"
            fix = "that makes another pool: put them back, and add a pool under another name"
            yield path, message, f"{fix} (if nobody changed them: use the Herd that wrote the keys)"
        else:
            message = f"changed content under an old key: the content's hash is {actual}, not {hash_of(key)}"
            roll = f"put it back as git has it and `herd pool roll {facts.stack} {name} --set node.FIELD=VALUE`"
            yield path, message, f"{roll} (another capacity, zone or placement makes another pool)"
