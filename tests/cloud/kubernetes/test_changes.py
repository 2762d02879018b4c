"""What differs between an object and what is wanted, and what of that needs another object."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herd.cloud.kubernetes.provider.changes import IDENTITY, KINDS, compare, pruned, replacing, written
from herd.cloud.provider.wire import UNKNOWN

VALUES = st.recursive(
    st.sampled_from([0, 1, "a", True, None]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=8,
)
KIND = {number: name for name, number in KINDS.Kind.items()}


def shown(old, new, **options):
    return {path: KIND[kind] for path, kind in compare(old, new, **options).detailed.items()}


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": "UPDATE"}),
        ({"a": {"b": 1}}, {"a": {"c": 1}}, {"a.b": "DELETE", "a.c": "ADD"}),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, {"a[1]": "UPDATE", "a[2]": "ADD"}),
        ({"a": [{"b": 1}, 2]}, {"a": [{"b": 2}]}, {"a[0].b": "UPDATE", "a[1]": "DELETE"}),
        ({"a": {"b": 1}}, {"a": [1]}, {"a": "UPDATE"}),
        ({"a": 1}, {"a": UNKNOWN}, {"a": "UPDATE"}),
        ({}, {"a": UNKNOWN}, {"a": "ADD"}),
        ({"a": 1}, {"a": True}, {"a": "UPDATE"}),
        ({}, {"a": {"b.c/d": 1}}, {"a": "ADD"}),
        ({"a": {}}, {"a": {"b.c/d": 1}}, {'a["b.c/d"]': "ADD"}),
    ],
)
def test_what_differs_is_told_by_path(old, new, found):
    assert shown(old, new) == found


@given(VALUES)
def test_nothing_differs_from_itself(value):
    assert compare({"x": value}, {"x": value}).detailed == {}


@given(VALUES, VALUES)
def test_what_differs_is_found_from_either_side(one, other):
    assert bool(compare({"x": one}, {"x": other}).detailed) == bool(compare({"x": other}, {"x": one}).detailed)


def test_identity_replaces_at_it_above_it_and_nowhere_else():
    def named(**metadata):
        return {"metadata": metadata}

    forcing = {"forcing": IDENTITY}
    assert shown(named(name="a"), named(name="b"), **forcing) == {"metadata.name": "UPDATE_REPLACE"}
    assert shown({}, named(name="a"), **forcing) == {"metadata": "ADD_REPLACE"}
    assert shown({}, named(labels={}), **forcing) == {"metadata": "ADD"}
    assert shown(named(namespace="a"), named(), **forcing) == {"metadata.namespace": "DELETE_REPLACE"}
    assert shown(named(labels={"name": "a"}), named(labels={"name": "b"}), **forcing) == {
        "metadata.labels.name": "UPDATE"
    }


def test_elements_of_a_list_can_force_a_replacement():
    def pod(image):
        return {"spec": {"containers": [{"image": image}], "tolerations": [image]}}

    found = shown(pod("a"), pod("b"), forcing=replacing("v1", "Pod"))
    assert found == {"spec.containers[0].image": "UPDATE_REPLACE", "spec.tolerations[0]": "UPDATE"}


def test_the_table_is_read_by_kind():
    assert replacing("rbac.authorization.k8s.io/v1", "RoleBinding") == (("roleRef",),)
    assert replacing("karpenter.sh/v1", "NodePool") == ()


def test_what_is_ignored_is_left_alone_with_what_is_below_it():
    assert shown({"a": {"b": 1}, "ab": 1}, {"a": {"b": 2}, "ab": 2}, ignore=["a"]) == {"ab": "UPDATE"}


def test_what_nobody_asked_for_is_no_part_of_a_comparison():
    live = {"a": 1, "b": {"c": 1, "d": 1}, "e": [{"f": 1, "g": 1}, 2]}
    assert pruned(live, {"b": {"c": 0}, "e": [{"f": 0}]}) == {"b": {"c": 1}, "e": [{"f": 1}]}


def test_paths_are_written_as_pulumi_writes_them():
    assert written(("a", 0, "b.c", 'd"e', "f")) == 'a[0]["b.c"]["d\\"e"].f'
