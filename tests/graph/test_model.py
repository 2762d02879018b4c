"""The graph: a stable order, JSON there and back, and the questions other code asks of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.base.problems import InvalidInputError
from herd.graph import Graph, Resource, Source


def urn(name, kind="t:m:T"):
    return f"urn:pulumi:dev::herd::{kind}::{name}"


def resource(name, *, parent="stack", needs=(), kind="t:m:T", **options):
    return Resource(
        urn=urn(name, kind),
        type=kind,
        name=name,
        parent=parent and urn(parent),
        custom=True,
        inputs={"z": {"b": 1, "a": [2, 1]}, "a": None},
        options={"provider": None, "deletedWith": None, "replaceWith": [], **options},
        dependencies=tuple(map(urn, needs)),
        property_dependencies={"z": tuple(map(urn, needs))},
        source=Source("infra/main.py", 3),
    )


TREE = [
    resource("stack", parent=None),
    resource("b"),
    resource("a"),
    resource("b-child", parent="b", needs=["a"]),
    resource("b-grandchild", parent="b-child", needs=["b-child"]),
    resource("other", kind="t:m:A", deletedWith=urn("a")),
]
GRAPH = Graph.of("herd", "dev", TREE, {"id": "x"})


@given(st.permutations(TREE))
def test_the_order_of_registration_changes_nothing(shuffled):
    assert Graph.of("herd", "dev", shuffled, {"id": "x"}).to_json() == GRAPH.to_json()


def test_parents_come_first_and_children_follow_by_type_and_name():
    names = [found.name for found in GRAPH.resources]

    assert names == ["stack", "other", "a", "b", "b-child", "b-grandchild"]


def test_maps_are_written_in_key_order_and_lists_as_they_are():
    first = json.loads(GRAPH.to_json())["resources"][0]

    assert list(first["inputs"]) == ["a", "z"]
    assert list(first["inputs"]["z"].items()) == [("a", [2, 1]), ("b", 1)]


def test_json_has_exactly_the_documented_fields():
    data = json.loads(GRAPH.to_json())

    assert list(data) == ["project", "stack", "resources", "outputs"]
    assert list(data["resources"][0]) == [
        "urn", "type", "name", "parent", "custom",
        "inputs", "options", "dependencies", "propertyDependencies", "source",
    ]  # fmt: skip
    assert data["resources"][0]["source"] == {"file": "infra/main.py", "line": 3}


def test_json_is_read_back_to_an_equal_graph():
    again = Graph.from_json(GRAPH.to_json())

    assert again == GRAPH
    assert again.to_json() == GRAPH.to_json()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "not a rendered graph"),
        ('{"project": "p", "stack": "s", "outputs": {}}', "'resources'"),
        ('{"project": "p", "stack": "s", "outputs": {}, "resources": [{"urn": "u"}]}', "'type'"),
    ],
)
def test_what_is_no_graph_is_refused(text, message):
    with pytest.raises(InvalidInputError, match=message) as refusal:
        Graph.from_json(text, file="graph.json")

    assert refusal.value.problems[0].file == "graph.json"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        # None is what resources without a parent hang from: such a one was its own child, for ever.
        ({"urn": None}, "'urn'"),
        ({"parent": 3}, "'parent'"),
        ({"inputs": []}, "'inputs'"),
        ({"urn": urn("a")}, "'urn': two resources have the same"),
        ({"parent": urn("b-grandchild")}, "'parent': it leads in a circle"),
    ],
)
def test_a_graph_that_somebody_changed_is_refused_before_anything_of_it_is_lost(change, message):
    data = GRAPH.to_dict()
    next(found for found in data["resources"] if found["name"] == "b").update(change)
    with pytest.raises(InvalidInputError, match=message):
        Graph.from_json(json.dumps(data))


def test_resources_are_found_by_urn_and_by_type():
    assert GRAPH[urn("a")].name == "a"
    assert urn("nobody") not in GRAPH
    assert [found.name for found in GRAPH.of_type("t:m:A")] == ["other"]


def test_the_tree_is_walked_both_ways():
    assert GRAPH.root.name == "stack"
    assert [found.name for found in GRAPH.children(urn("b"))] == ["b-child"]
    assert [found.name for found in GRAPH.descendants(urn("b"))] == ["b-child", "b-grandchild"]
    assert [found.name for found in GRAPH.ancestors(urn("b-grandchild"))] == ["b-child", "b", "stack"]


def test_dependents_follow_dependencies_and_deleted_with():
    assert [found.name for found in GRAPH.dependents(urn("a"))] == ["other", "b-child"]


def test_transitive_dependents_follow_to_the_end():
    found = GRAPH.dependents(urn("a"), transitive=True)

    assert [resource.name for resource in found] == ["other", "b-child", "b-grandchild"]
