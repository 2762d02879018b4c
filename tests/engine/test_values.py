"""Property values on the wire, their comparison, and the paths that point into them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from herd.engine.diff import engine_diff, replace_on_changes
from herd.engine.paths import parse_path, path_contains, reset_path
from herd.engine.providers import Diff
from herd.engine.values import (
    UNKNOWN,
    Secret,
    UnsupportedError,
    Wire,
    annotate_secrets,
    blinded,
    equal,
    from_struct,
    has_unknowns,
    plain,
)
from herd.signatures import OUTPUT, RESOURCE, SIG

plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
marked_values = st.recursive(
    plain_values | st.just(UNKNOWN),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3) | st.builds(Secret, inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), marked_values, max_size=4))
def test_what_goes_over_the_wire_comes_back(props: dict[str, Any]) -> None:
    assert equal(from_struct(Wire().struct(props)), props)


@given(st.dictionaries(st.text(max_size=5), marked_values, max_size=4))
def test_a_receiver_gets_only_what_it_accepts(props: dict[str, Any]) -> None:
    got = from_struct(Wire(unknowns=False, secrets=False).struct(props))
    assert not has_unknowns(got)
    assert got == plain(got)


@given(marked_values)
def test_nothing_secret_is_shown(value: Any) -> None:
    assert "marker" not in str(blinded({"open": value, "hidden": Secret(["marker", value])})["hidden"])


@given(marked_values)
def test_equality_is_reflexive_and_tells_true_from_one(value: Any) -> None:
    assert equal(value, copy.deepcopy(value)) or has_unknowns(value)
    assert not equal({"a": True}, {"a": 1})
    assert not equal([0], [False])


def test_output_values_become_plain_and_tell_what_they_depend_on() -> None:
    message = struct_pb2.Struct()
    message.update(
        {
            "known": {SIG: OUTPUT, "value": 1, "dependencies": ["urn:a"]},
            "secret": {SIG: OUTPUT, "value": "x", "secret": True},
            "unknown": {SIG: OUTPUT, "dependencies": ["urn:b"]},
        }
    )
    dependencies: set[str] = set()
    assert from_struct(message, dependencies) == {"known": 1, "secret": Secret("x"), "unknown": UNKNOWN}
    assert dependencies == {"urn:a", "urn:b"}


def test_resource_references_pass_or_become_their_id() -> None:
    reference = {SIG: RESOURCE, "urn": "urn:a", "id": "a-1"}
    assert from_struct(Wire().struct({"r": reference})) == {"r": reference}
    assert from_struct(Wire(resources=False).struct({"r": reference})) == {"r": "a-1"}
    assert from_struct(Wire(resources=False).struct({"r": {SIG: RESOURCE, "urn": "urn:a"}})) == {"r": "urn:a"}


def test_archives_are_refused_by_name() -> None:
    message = struct_pb2.Struct()
    message.update({"a": {SIG: "0def7320c3a5731c473e5ecbe6d01bc7", "path": "."}})
    with pytest.raises(UnsupportedError, match="archives"):
        from_struct(message)


def test_secrets_that_came_back_bare_are_marked_again() -> None:
    outs = {"a": 1, "deep": {"b": "x", "c": 2}, "list": [1]}
    annotate_secrets(outs, {"a": Secret(1), "deep": {"b": Secret("x")}, "list": [Secret(1)], "gone": Secret(0)})
    assert outs == {"a": Secret(1), "deep": {"b": Secret("x"), "c": 2}, "list": Secret([1])}


# --- paths


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("a", ["a"]),
        ("a.b[0].c", ["a", "b", 0, "c"]),
        ('tags["x.y"].*', ["tags", "x.y", "*"]),
        (r'["a\"b"]', ['a"b']),
        ("rules[*].port", ["rules", "*", "port"]),
        ("*", ["*"]),
        ("", []),
    ],
)
def test_paths_are_read(path: str, steps: list[str | int]) -> None:
    assert parse_path(path) == steps


@pytest.mark.parametrize("path", ["a.", "a..b", "a[", "a[x]", '["a', "a[-1]"])
def test_malformed_paths_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="property path"):
        parse_path(path)


def test_a_star_stands_for_one_step_and_everything_below() -> None:
    assert path_contains(["rules", "*"], ["rules", 0, "port"])
    assert not path_contains(["rules", "*", "port"], ["rules", 0])
    assert not path_contains(["a"], ["b"])


@pytest.mark.parametrize(
    ("path", "old", "new", "result", "matched"),
    [
        ("a", {"a": 1}, {"a": 2, "b": 3}, {"a": 1, "b": 3}, True),
        ("a", {}, {"a": 2}, {}, True),
        ("a", {"a": 1}, {}, {"a": 1}, True),
        ("a.b", {"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, {"a": {"b": 1, "c": 3}}, True),
        ("a.b", {}, {"a": {"b": 2}}, {"a": {}}, True),
        ("a.b", {"a": {"b": 1}}, {}, {}, False),
        ("a.b", {"a": 1}, {"a": {"b": 2}}, {"a": {}}, True),
        ("a[0]", {"a": [1, 2]}, {"a": [3, 4]}, {"a": [1, 4]}, True),
        ("a[5]", {"a": [1]}, {"a": [2]}, {"a": [2]}, True),
        ("a[1]", {"a": [1, 2]}, {"a": [3]}, {"a": [3]}, False),
        ("a[*].p", {"a": [{"p": 1}, {"p": 2}]}, {"a": [{"p": 8}, {"p": 9}]}, {"a": [{"p": 1}, {"p": 2}]}, True),
        ("a[*].p", {"a": [{"p": 1}]}, {"a": [{"p": 8}, {"p": 9}]}, {"a": [{"p": 1}, {"p": 9}]}, False),
        ("*", {"a": 1, "b": 2}, {"a": 3, "c": 4}, {"a": 1, "b": 2}, True),
        ("a.*", {"a": {"x": 1}}, {"a": {"x": 2, "y": 3}}, {"a": {"x": 1}}, True),
        ("a.x", {"a": Secret({"x": 1})}, {"a": {"x": 2}}, {"a": {"x": Secret(1)}}, True),
        ("a.x", {"a": {"x": 1}}, {"a": Secret({"x": 2})}, {"a": Secret({"x": 1})}, True),
    ],
)
def test_ignored_changes_are_put_back(path: str, old: Any, new: Any, result: Any, matched: bool) -> None:
    new = copy.deepcopy(new)
    assert reset_path(parse_path(path), old, new) is matched
    assert new == result


# --- diffs


def test_the_engine_compares_where_a_provider_does_not() -> None:
    old = {"same": 1, "gone": 2, "deep": {"a": 1, "list": [1, 2]}, "hidden": Secret("x")}
    new = {"same": 1, "new": 3, "deep": {"a": 2, "list": [1]}, "hidden": "x"}
    diff = engine_diff(Diff(some=None), old, new)
    assert (diff.some, diff.changed) == (True, ("deep", "gone", "new"))
    kinds = {path: kind for path, (kind, _) in (diff.detailed or {}).items()}
    assert kinds == {"deep.a": "update", "deep.list[1]": "delete", "gone": "delete", "new": "add"}
    assert engine_diff(Diff(some=None), old, old).some is False


def test_replace_on_changes_turns_changes_into_replacements() -> None:
    diff = Diff(some=True, changed=("a", "b"), detailed={"a": ("update", True), "b.c": ("add", True)})
    forced = replace_on_changes(diff, ["b"], init_errors=False)
    assert forced.replace == ("b",)
    assert forced.detailed == {"a": ("update", True), "b.c": ("add-replace", True)}
    nested = replace_on_changes(diff, ["b.c"], init_errors=False)
    assert (nested.replace, nested.replaces) == ((), True)
    assert replace_on_changes(Diff(), ["*"], init_errors=False) == Diff()
    broken = replace_on_changes(Diff(), ["*"], init_errors=True)
    assert (broken.some, broken.replace) == (True, ("#initerror",))
