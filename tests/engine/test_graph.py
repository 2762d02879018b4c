"""Orders of deletion: what depends on something goes before it, and nothing waits without need."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from herd.engine.graph import deletion_order, depending_on, transitive_needs
from herd.engine.state import State, ref_urn

PREFIX = "urn:pulumi:dev::vec::"


@st.composite
def stacks(draw: st.DrawFn) -> list[State]:
    """Resources in a state's order: each refers only to earlier ones."""
    states: list[State] = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["thing", "thing", "component", "provider"]))
        type_ = {"thing": "p:i:Thing", "component": "p:i:Comp", "provider": "pulumi:providers:p"}[kind]
        earlier = [s.urn for s in states]
        providers = [f"{s.urn}::{s.id}" for s in states if s.type.startswith("pulumi:")]
        some = st.lists(st.sampled_from(earlier), max_size=2) if earlier else st.just([])
        state = State(f"{PREFIX}{type_}::r{number}", type_, custom=kind != "component", id=f"{number}")
        state.dependencies = draw(some)
        state.property_dependencies = {"x": draw(some)}
        state.parent = draw(st.sampled_from(["", *[s.urn for s in states if not s.custom]]))
        state.provider = draw(st.sampled_from(["", *providers])) if kind == "thing" else ""
        state.deleted_with = draw(st.sampled_from(["", *earlier]))
        states.append(state)
        if draw(st.integers(0, 5)) == 0:  # the old side of a replacement, after the live one
            states.append(state.copy(delete=True, id=f"old{number}"))
    return states


def needs(states: list[State], state: State) -> set[State]:
    """DependencyGraph.DependenciesOf, word by word: quadratic, but plain."""
    urns = set(state.dependency_urns(parent=False)) | ({ref_urn(state.provider)} if state.provider else set())
    before = states[: states.index(state)]
    found = set()
    for candidate in before:
        if candidate.urn in urns:
            found.add(candidate)
            if not candidate.custom:
                found |= {s for s in before if is_below(states, s, candidate.urn)}
        if candidate.urn == state.parent:
            found.add(candidate)
    return found


def is_below(states: list[State], state: State, urn: str) -> bool:
    while state.parent:
        if state.parent == urn:
            return True
        state = next(s for s in reversed(states) if s.urn == state.parent)
    return False


@given(stacks(), st.data())
def test_the_batches_are_those_of_the_real_engine(states: list[State], data: st.DataObject) -> None:
    condemned = set(data.draw(st.lists(st.sampled_from(states), unique_by=id)))
    expected: list[set[State]] = []
    left = set(condemned)
    while left:
        free = {s for s in left if not needs(states, s) & left}
        expected.append(free)
        left -= free
    assert [set(batch) for batch in deletion_order(states, condemned)] == expected[::-1]


@given(stacks(), st.data())
def test_dependents_are_found_through_others(states: list[State], data: st.DataObject) -> None:
    root = data.draw(st.sampled_from(states))
    found = depending_on(states, root, ())
    urns = {root.urn}
    for state in states[states.index(root) + 1 :]:
        provider = {ref_urn(state.provider)} if state.provider else set()
        if urns & (set(state.dependency_urns(parent=False)) | provider):
            urns.add(state.urn)
            assert state in found
        else:
            assert state not in found


def test_what_a_resource_needs_includes_providers_and_parents() -> None:
    provider = State(PREFIX + "pulumi:providers:p::p", "pulumi:providers:p", custom=True, id="1")
    parent = State(PREFIX + "p:i:Comp::c", "p:i:Comp")
    base = State(PREFIX + "p:i:Thing::base", "p:i:Thing", custom=True, id="b", provider=f"{provider.urn}::1")
    thing = State(PREFIX + "p:i:Thing::t", "p:i:Thing", custom=True, id="t", parent=parent.urn, dependencies=[base.urn])
    other = State(PREFIX + "p:i:Thing::o", "p:i:Thing", custom=True, id="o")
    assert transitive_needs([provider, parent, base, thing, other], thing) == {provider, parent, base}


def test_a_thousand_resources_in_a_chain_are_ordered_quickly() -> None:
    states = []
    for number in range(3000):
        state = State(f"{PREFIX}p:i:Thing::r{number}", "p:i:Thing", custom=True, id="x")
        state.dependencies = [states[-1].urn] if states else []
        states.append(state)
    assert [batch[0] for batch in deletion_order(states, states)] == states[::-1]
