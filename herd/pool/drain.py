"""Draining: a generation, or slices of it, takes no new work."""

from __future__ import annotations

from collections.abc import Sequence

from components.base.problems import InvalidInputError
from components.base.validation import closest
from components.gpu_cluster.spec import Phase, Pool, StaticGeneration
from herd.pool.edit import Edit
from herd.pool.stack import PoolStack


def drain(stack: PoolStack, name: str, key: str, slices: Sequence[int] = ()) -> tuple[PoolStack, list[str]]:
    """Write that a generation, or some of its slices, drains; what drains already stays so.

    Returns:
        The stack as it is then, and what was done and what comes next, a line each.

    Raises:
        InvalidInputError: There is no such pool, generation or slice, or the stack has problems. Nothing is written.
    """
    stack.check()
    slices = tuple(dict.fromkeys(slices))
    pool = stack.pool(name)
    at = position(stack, name, key)
    generation = pool.generations[at]
    edit = Edit(stack)
    what = f"{name}: {key}"
    if slices:
        _slices_there(stack, name, at, slices)
    if slices and generation.phase is Phase.ACTIVE:
        assert isinstance(generation, StaticGeneration)  # noqa: S101 - only these have slices
        draining = [number for number in generation.slices if number in {*generation.draining_slices, *slices}]
        if tuple(draining) != generation.draining_slices:
            edit.set(name, at, "drainingSlices", draining)
        what += f" slice {', '.join(map(str, sorted(slices)))}"
    elif generation.phase is Phase.ACTIVE:
        edit.set(name, at, "phase", Phase.DRAINING.value)
        edit.drop(name, at, "drainingSlices")
    after = edit.write()
    said = [f"{what} {'drains' if edit.changed else 'drains already'}"]
    if not _active_nodes(after.pool(name)):
        said.append(f"{name}: no active generation has nodes: what is evicted waits")
    flags = "".join(f" --slice {number}" for number in slices)
    evidence = "`kubectl get nodes,pods -A -o json > FILE`"
    retire = f"`herd pool retire {stack.stack} {name} {key}{flags} --evidence FILE`"
    said.append(f"{name}: next: up, move its pods off, {evidence}, {retire}, up")
    return after, said


def position(stack: PoolStack, name: str, key: str) -> int:
    """Where a generation stands in its pool.

    Raises:
        InvalidInputError: The pool has no such generation.
    """
    keys = [generation.key for generation in stack.pool(name).generations]
    if key not in keys:
        message, line = f"pool {name} has no generation {key!r}", stack.file.line(stack.path("pools", name))
        raise InvalidInputError.one(message, file=stack.file.shown, line=line, field="KEY", fix=closest(key, keys))
    return keys.index(key)


def _slices_there(stack: PoolStack, name: str, at: int, slices: Sequence[int]) -> None:
    generation = stack.pool(name).generations[at]
    path = ("pools", name, "generations", at)
    if not isinstance(generation, StaticGeneration):
        problem = stack.problem(path, "an elastic generation has no slices", "leave --slice out")
        raise InvalidInputError([problem])
    has = ", ".join(map(str, generation.slices)) or "none"
    if missing := [number for number in slices if number not in generation.slices]:
        raise InvalidInputError(
            stack.problem((*path, "slices"), f"there is no slice {number}", f"it has: {has}") for number in missing
        )


def _active_nodes(pool: Pool) -> bool:
    """Whether any generation takes new work."""
    return any(
        set(generation.slices) - set(generation.draining_slices)
        if isinstance(generation, StaticGeneration)
        else getattr(generation, "max_nodes", 0)
        for generation in pool.generations
        if generation.phase is Phase.ACTIVE
    )
