"""New keys for generations that nobody has deployed: a first deployment, or a rehearsal with other locks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from components.base.problems import InvalidInputError
from components.gpu_cluster.generations import Content
from herd.pool.edit import Edit
from herd.pool.stack import PoolStack, load


def rekey(
    root: Path, stack: str, release_names: Mapping[str, str], *, content: Content | None = None
) -> list[tuple[str, str, str]]:
    """Make generations that name old locks name new ones, and give every generation the key of its content.

    Nothing living may hang on the old keys: to a deployed stack the new ones are other generations.

    Args:
        root: Folder of Pulumi.yaml.
        stack: The stack's name.
        release_names: New names of locks by their old ones; others stay.
        content: What a node is made of.

    Returns:
        Pool, old key and new key of every generation whose key changed.

    Raises:
        InvalidInputError: The stack's pools have problems besides their keys, or a lock can't be used. Nothing is
            written.
    """
    loaded = load(root, stack, content=content)
    return _rekey(loaded, release_names, list(loaded.pools))


def fresh(stack: PoolStack, names: list[str], release: str | None) -> list[tuple[str, str, str]]:
    """Give the first generations of a stack that was never deployed the current release and the keys of their content.

    Raises:
        InvalidInputError: A pool has a past: several generations, a draining one, or one that isn't the first.
    """
    wrong = []
    for name in names:
        generations = stack.pool(name).generations
        for at, generation in enumerate(generations):
            if len(generations) > 1 or generation.number > 1 or generation.phase.value != "active":
                message = f"{generation.key} has a past: --fresh is for a stack that was never deployed"
                fix = f"`herd pool roll {stack.stack} {name}` makes the next generation"
                wrong.append(stack.problem(("pools", name, "generations", at, "key"), message, fix))
    if wrong:
        raise InvalidInputError(wrong)
    new = release or stack.settings.release
    old = {generation.release for name in names for generation in stack.pool(name).generations}
    return _rekey(stack, dict.fromkeys(old, new) if new else {}, names)


def _rekey(stack: PoolStack, release_names: Mapping[str, str], names: list[str]) -> list[tuple[str, str, str]]:
    edit = Edit(stack)
    changed: list[tuple[str, str, str]] = []
    for name in names:
        for at, generation in enumerate(stack.pool(name).generations):
            release = release_names.get(generation.release, generation.release)
            if release != generation.release:
                edit.set(name, at, "release", release)
            key = stack.key(name, generation.number, generation.node, stack.release(release))
            if key != generation.key:
                edit.set(name, at, "key", key)
                changed.append((name, generation.key, key))
    edit.write()
    return changed
