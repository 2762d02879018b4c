"""Retiring: a drained generation, or slices of it, goes from the file, on evidence that nothing runs there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from components.base.problems import InvalidInputError
from components.capacity.spec import CapacityBlock, CapacityBlockFacts, Reserved
from components.gpu_cluster.spec import Phase, StaticGeneration
from herd.pool.drain import position
from herd.pool.edit import Edit
from herd.pool.evidence import COMMAND, Cluster, Target, judge, read
from herd.pool.stack import PoolStack


def retire(
    stack: PoolStack,
    name: str,
    key: str,
    slices: Sequence[int] = (),
    *,
    evidence: Path | None,
    now: datetime,
    never_started: bool = False,
) -> tuple[PoolStack, list[str]]:
    """Take a generation, or some of its slices, out of the file.

    Args:
        stack: The stack.
        name: The pool.
        key: The generation.
        slices: Its slices to retire; none for all of it.
        evidence: What kubectl said of nodes and pods; None where no node can be (slices that were retired already).
        now: What time it is.
        never_started: Slices without a node never had one.

    Returns:
        The stack as it is then, and what was done and what comes next, a line each.

    Raises:
        InvalidInputError: It isn't draining, or the evidence doesn't show that it is empty. Nothing is written.
    """
    stack.check()
    pool, at = stack.pool(name), position(stack, name, key)
    generation = pool.generations[at]
    path = ("pools", name, "generations", at)
    going = _going(stack, name, at, slices)
    proof: list[str] = []
    # A static generation without slices has no node group: nothing can run there.
    if going or not isinstance(generation, StaticGeneration):
        _must_drain(stack, path, generation, going)
        if evidence is None:
            message = f"{key} may have nodes: retiring it takes evidence that nothing runs there"
            raise InvalidInputError.one(message, field="--evidence", fix=f"`{COMMAND} > FILE`")
        dump = read(evidence)
        target = Target(name, key, going, never_started or _window_over(stack, name, now))
        if problems := judge(dump, _cluster(stack), target, now):
            raise InvalidInputError(problems)
        proof = [f"evidence: sha256 {dump.sha256} (for the commit message)"]
    edit = Edit(stack)
    rest = [number for number in getattr(generation, "slices", ()) if number not in going]
    if rest:
        assert isinstance(generation, StaticGeneration)  # noqa: S101 - only these have slices
        edit.set(name, at, "slices", rest)
        if draining := [number for number in generation.draining_slices if number in rest]:
            edit.set(name, at, "drainingSlices", draining)
        else:
            edit.drop(name, at, "drainingSlices")
        what = f"{name}: {key} slice {', '.join(map(str, going))} is retired"
    else:
        edit.remove(name, at)
        what = f"{name}: {key} is retired"
    after = edit.write()
    said = [what, *proof]
    fill = "" if isinstance(pool.capacity, Reserved) else " --fill"
    room = (
        f", then `herd pool roll {stack.stack} {name}{fill}` gives the newest generation the room, if it is to have it"
    )
    said.append(f"{name}: next: up{room if after.pool(name).generations else ''}")
    return after, said


def _going(stack: PoolStack, name: str, at: int, slices: Sequence[int]) -> tuple[int, ...]:
    """The slices that go: those asked for, or all."""
    generation = stack.pool(name).generations[at]
    path = ("pools", name, "generations", at)
    if not isinstance(generation, StaticGeneration):
        if slices:
            raise InvalidInputError([stack.problem(path, "an elastic generation has no slices", "leave --slice out")])
        return ()
    missing = [number for number in slices if number not in generation.slices]
    if missing:
        has = ", ".join(map(str, generation.slices)) or "none"
        raise InvalidInputError(
            stack.problem((*path, "slices"), f"there is no slice {number}", f"it has: {has}") for number in missing
        )
    return tuple(dict.fromkeys(slices)) or generation.slices


def _must_drain(stack: PoolStack, path: tuple[str | int, ...], generation: object, going: tuple[int, ...]) -> None:
    if getattr(generation, "phase", None) is Phase.DRAINING:
        return
    active = [number for number in going if number not in getattr(generation, "draining_slices", ())]
    if going and not active:
        return
    key, pool = getattr(generation, "key", ""), path[1]
    flags = "".join(f" --slice {number}" for number in active)
    what = f"slice {', '.join(map(str, active))} takes" if active else "takes"
    fix = f"`herd pool drain {stack.stack} {pool} {key}{flags}`, up, and move its pods off first"
    raise InvalidInputError([stack.problem(path, f"{key}: {what} new work", fix)])


def _window_over(stack: PoolStack, name: str, now: datetime) -> bool:
    """Whether the pool's machines are gone by themselves: EC2 ends those of a capacity block with its window."""
    capacity = stack.pool(name).capacity
    if not isinstance(capacity, CapacityBlock):
        return False
    facts = stack.settings.reservations[capacity.reservation]
    return isinstance(facts, CapacityBlockFacts) and facts.end <= now


def _cluster(stack: PoolStack) -> Cluster:
    generations = {(name, generation.key) for name, pool in stack.pools.items() for generation in pool.generations}
    return Cluster(stack.settings.region, stack.settings.network.cidr, frozenset(generations))
