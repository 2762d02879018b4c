"""Server-side apply, for any objects: what is asked for is there, and others keep what is theirs."""

from hypothesis import given, settings
from hypothesis import strategies as st

from herd.cloud.kubernetes.ownership import at, conflicts, merged, owned

KEYS = st.sampled_from("abc")
LEAVES = st.sampled_from([1, "x", True, [1, 2], []])
OBJECTS = st.recursive(LEAVES, lambda below: st.dictionaries(KEYS, below, max_size=3), max_leaves=6)
SPECS = st.dictionaries(KEYS, OBJECTS, max_size=3).map(lambda spec: {"spec": spec})


@settings(max_examples=40)
@given(SPECS)
def test_applying_to_nothing_makes_what_was_asked_for(asked):
    assert merged(asked, {}, {}, set()) == asked


@settings(max_examples=40)
@given(SPECS, SPECS)
def test_what_a_manager_asks_for_next_takes_the_place_of_what_it_asked_for_before(first, second):
    live = merged(first, {}, {}, set())
    assert conflicts(second, live, {}) == []
    result = merged(second, live, owned(first), set())
    assert all(at(result, path) == value or value == {} for path, value in owned(second).items())
    assert {path for path, value in owned(result).items() if value != {}} <= set(owned(second))


@settings(max_examples=40)
@given(SPECS, SPECS)
def test_what_others_own_elsewhere_outlives_what_a_manager_asks_for_and_lets_go_of(mine, theirs):
    elsewhere = {"data": theirs["spec"]}
    live = merged(elsewhere, {}, {}, set())
    assert conflicts(mine, live, {"they": owned(elsewhere)}) == []
    both = merged(mine, live, {}, set(owned(elsewhere)))
    assert both["data"] == elsewhere["data"]
    assert merged({}, both, owned(mine), set(owned(elsewhere)))["data"] == elsewhere["data"]
