"""Who depends on whom in the state, and in which order it can be taken down (pkg/resource/graph)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import dropwhile

from herd.engine.state import State, ref_urn


def _needs(state: State, *, parent: bool) -> set[str]:
    needs = set(state.dependency_urns(parent=parent))
    if state.provider:
        needs.add(ref_urn(state.provider))
    return needs


def depending_on(resources: Iterable[State], root: State, ignore: Collection[str]) -> list[State]:
    """All that hangs on the root, also through others, in state order; children alone don't count."""
    found = {root.urn}
    result = []
    for state in dropwhile(lambda s: s is not root, resources):
        if state is not root and state.urn not in ignore and not found.isdisjoint(_needs(state, parent=False)):
            found.add(state.urn)
            result.append(state)
    return result


def deletion_order(resources: Iterable[State], condemned: Collection[State]) -> list[list[State]]:
    """The condemned in batches: each can go at once, after those before it. What depends goes before what it needs.

    To depend on a component is to depend on everything below it.
    """
    wanted = set(condemned)
    levels: dict[str, int] = {}  # the deepest condemned state met so far under a URN
    below: dict[str, int] = {}  # likewise for everything under a component
    live: dict[str, State] = {}
    batches: list[list[State]] = []
    for state in resources:
        if state in wanted:
            level = levels.get(state.parent, -1)
            for urn in _needs(state, parent=False):
                level = max(level, levels.get(urn, -1))
                if urn in live and not live[urn].custom:
                    level = max(level, below.get(urn, -1))
            level += 1
            if level == len(batches):
                batches.append([])
            batches[level].append(state)
            levels[state.urn] = max(level, levels.get(state.urn, -1))
            above = state.parent
            while above:
                below[above] = max(level, below.get(above, -1))
                above = live[above].parent if above in live else ""
        live[state.urn] = state
    return batches[::-1]


def transitive_needs(resources: Iterable[State], root: State) -> set[State]:
    """All that the root needs, also through others: dependencies, providers and parents."""
    live: dict[str, State] = {}
    condemned: dict[str, State] = {}
    for state in resources:
        (condemned if state.delete else live)[state.urn] = state
    first, second = (condemned, live) if root.delete else (live, condemned)
    found: set[State] = set()
    todo = [root]
    while todo:
        for urn in _needs(todo.pop(), parent=True):
            need = first.get(urn) or second.get(urn)
            if need is not None and need not in found:
                found.add(need)
                todo.append(need)
    return found - {root}
