"""Rolling pools: the next generation beside the newest, or more room for the newest, as far as there is room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from components.base.problems import InvalidInputError, Problem
from components.base.validation import FieldPath, plain, validate
from components.base.yaml_file import parse
from components.capacity.ledger import promised
from components.capacity.spec import Reserved
from components.gpu_cluster.bounds import nodes_in, promises
from components.gpu_cluster.keys import hash_of
from components.gpu_cluster.spec import ElasticGeneration, NodeSpec, Phase, Pool, StaticGeneration, StaticPool
from components.release.spec import UNRESOLVED
from herd.pool.edit import Edit, changed
from herd.pool.stack import PoolStack

Size = int | list[int]
"""The most nodes of an elastic generation, or the slices of a static one."""

PREFIX: Final = "node."
_FIELD: Final = {"static": "slices", "elastic": "maxNodes"}


@dataclass(frozen=True)
class Order:
    """How pools are rolled.

    Attributes:
        release: The lock new generations take their images from; None for the one the stack runs.
        sets: Fields of the node to change, by path below it; None takes one away.
        fill: Take all free room, not just as much as the newest generation has. Reserved capacity is always filled.
    """

    release: str | None = None
    sets: Mapping[FieldPath, Any] = field(default_factory=dict)
    fill: bool = False


def roll(stack: PoolStack, names: Sequence[str], order: Order) -> tuple[PoolStack, list[str]]:
    """Roll pools and write the stack file.

    Returns:
        The stack as it is then, and what was done and what comes next, a line each.

    Raises:
        InvalidInputError: The stack has problems already or would have: every one. Nothing is written.
    """
    stack.check()
    edit = Edit(stack)
    pools = dict(stack.pools)
    said: list[str] = []
    wrong: list[Problem] = []
    for name in names:
        try:
            pools[name], lines = _roll(stack, pools, name, order, edit)
        except InvalidInputError as error:
            wrong += error.problems
        else:
            said += lines
    if wrong:
        raise InvalidInputError(wrong)
    return edit.write(), said


def parse_sets(given: Sequence[str]) -> dict[FieldPath, Any]:
    """`node.PATH=VALUE` as paths below the node and values, which are YAML; null takes a field away.

    Raises:
        InvalidInputError: Something isn't of that form: every such.
    """
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - most rolls set nothing

    found: dict[FieldPath, Any] = {}
    wrong: list[Problem] = []
    for text in given:
        path, equals, value = text.partition("=")
        parts = path.removeprefix(PREFIX).split(".")
        if not equals or not path.startswith(PREFIX) or "" in parts:
            fix = "such as node.rootVolume.iops=6000"
            wrong.append(Problem("", 0, "--set", f"expected node.FIELD=VALUE, found {text!r}", fix))
            continue
        # The keys of labels hold dots themselves.
        if parts[0] == "labels" and len(parts) > 1:
            parts = ["labels", ".".join(parts[1:])]
        try:
            found[tuple(parts)] = plain(parse(value))
        except (YAMLError, RecursionError):
            wrong.append(Problem("", 0, "--set", f"{value!r} is no YAML value", "put it in quotes"))
    if wrong:
        raise InvalidInputError(wrong)
    return found


def free_nodes(stack: PoolStack, pools: Mapping[str, Pool], name: str) -> int:
    """Nodes that a pool may still have: within its own bound, and within what is left of its reservation."""
    pool = pools[name]
    free = pool.max_nodes - nodes_in(pool)
    if isinstance(pool.capacity, Reserved):
        held = stack.settings.reservations[pool.capacity.reservation].count
        free = min(free, held - promised(promises(pools)).get(pool.capacity.reservation, 0))
    return max(free, 0)


def _roll(stack: PoolStack, pools: Mapping[str, Pool], name: str, order: Order, edit: Edit) -> tuple[Pool, list[str]]:
    pool = pools[name]
    if not pool.generations:
        fix = "write the first one, with key g1-00000000, and `herd pool roll STACK POOL --fresh`"
        problem = stack.problem(("pools", name), "has no generation whose node the next one could have", fix)
        raise InvalidInputError([problem])
    newest, at = pool.generations[-1], len(pool.generations) - 1
    asked = changed(stack.data[name]["generations"][at]["node"], order.sets)
    node = validate(NodeSpec, asked, file=f"pool {name}", prefix=("node",))
    release = order.release or stack.settings.release or newest.release
    pinned = stack.release(release)
    key = stack.key(name, newest.number + 1, node, pinned)
    if hash_of(key) == hash_of(newest.key) and newest.phase is Phase.ACTIVE:
        return _grow(stack, pools, name, order, edit)
    size = _size(pool, free_nodes(stack, pools, name), order, of=None)
    edit.append(name, {"key": key, "release": release, _FIELD[pool.kind]: size}, order.sets)
    said = [f"{name}: {key} is new, {_amount(pool, size)}, release {release}"]
    if pinned.amis[node.image].id == UNRESOLVED:
        later = f"once `herd release resolve` has looked the image {node.image} up, the key is another"
        said.append(f"{name}: {later}")
    after = _with(pool, key, release, node, size)
    return after, [*said, *_next(stack, after, name)]


def _grow(stack: PoolStack, pools: Mapping[str, Pool], name: str, order: Order, edit: Edit) -> tuple[Pool, list[str]]:
    """Nothing differs: the newest generation takes the room that there is now."""
    pool = pools[name]
    at = len(pool.generations) - 1
    newest = pool.generations[at]
    had, size = _has(pool, at), _size(pool, free_nodes(stack, pools, name), order, of=at)
    if size == had:
        return pool, [f"{name}: {newest.key} is what it should be, {_amount(pool, size)}", *_next(stack, pool, name)]
    edit.set(name, at, _FIELD[pool.kind], size)
    update = {"slices": tuple(size)} if isinstance(size, list) else {"max_nodes": size}
    grown = newest.model_copy(update=update)
    after = pool.model_copy(update={"generations": (*pool.generations[:-1], grown)})
    return after, [f"{name}: {newest.key} grows to {_amount(pool, size)}", *_next(stack, after, name)]


def _has(pool: Pool, at: int) -> Size:
    if isinstance(pool, StaticPool):
        return list(pool.generations[at].slices)
    return pool.generations[at].max_nodes


def _size(pool: Pool, free: int, order: Order, *, of: int | None) -> Size:
    """What the newest generation gets: slices of a static pool, the most nodes of an elastic one.

    Reserved capacity is paid for, so all of it; other capacity as much as the largest generation has, so that the room
    kept free for the next roll stays free, and a pool at zero stays there.
    """
    fill = order.fill or isinstance(pool.capacity, Reserved)
    if isinstance(pool, StaticPool):
        has = [] if of is None else list(pool.generations[of].slices)
        largest = max((len(generation.slices) for generation in pool.generations), default=0)
        extra = _extra(len(has), free // pool.nodes_per_slice, largest, fill=fill)
        unused = [number for number in range(len(has) + extra) if number not in has]
        return [*has, *unused[:extra]]
    now = 0 if of is None else pool.generations[of].max_nodes
    largest = max((generation.max_nodes for generation in pool.generations), default=0)
    return now + _extra(now, free, largest, fill=fill)


def _extra(has: int, room: int, largest: int, *, fill: bool) -> int:
    return room if fill else min(room, max(largest - has, 0))


def _with(pool: Pool, key: str, release: str, node: NodeSpec, size: Size) -> Pool:
    """The pool with one more generation."""
    new: StaticGeneration | ElasticGeneration
    if isinstance(size, list):
        new = StaticGeneration(key=key, release=release, node=node, slices=tuple(size))
    else:
        new = ElasticGeneration(key=key, release=release, node=node, max_nodes=size)
    return pool.model_copy(update={"generations": (*pool.generations, new)})


def _amount(pool: Pool, size: Size) -> str:
    if not isinstance(pool, StaticPool):
        return f"up to {size} nodes" if size else "no nodes yet"
    slices = len(size) if isinstance(size, list) else 0
    return f"{slices} x {pool.nodes_per_slice} nodes" if slices else "no slice yet"


def _next(stack: PoolStack, pool: Pool, name: str) -> list[str]:
    """What a person does next to get the older generations out of the way."""
    if len(pool.generations) == 1:
        empty = not _has(pool, 0)
        return (
            [f"{name}: has no nodes: `herd pool roll {stack.stack} {name} --fill` takes the free room"] if empty else []
        )
    oldest, at = pool.generations[0], len(pool.generations) - 1
    old = f"{stack.stack} {name} {oldest.key}"
    again = f"`herd pool roll {stack.stack} {name}`"
    if _has(pool, at):
        retire = f"`herd pool drain {old}`, up, `herd pool retire {old} --evidence FILE`, up"
        return [f"{name}: next: up, {retire}"]
    if not isinstance(oldest, StaticGeneration):
        lower = f"lower the maxNodes of {oldest.key} by hand, or raise the pool's with its quota and subnets"
        return [f"{name}: no room beside what there is: {lower}, then {again}"]
    if not oldest.slices:
        return [
            f"{name}: next: `herd pool retire {old}`, which has no nodes; `{again[1:-1]} --fill` takes the free room"
        ]
    slot = next((number for number in oldest.slices if number in oldest.draining_slices), oldest.slices[-1])
    drain = "" if slot in oldest.draining_slices else f"`herd pool drain {old} --slice {slot}`, up, "
    retire = f"`herd pool retire {old} --slice {slot} --evidence FILE`, up, {again}"
    return [f"{name}: no room beside what there is: {drain}{retire}"]
