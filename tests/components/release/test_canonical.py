"""A lock's hash: of what it says, not of how it is laid out."""

import copy
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.release.canonical import NAME, canonical_json, content_hash, lock_name

leaves = st.none() | st.booleans() | st.integers() | st.text()
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
contents = st.dictionaries(st.text(min_size=1), values, min_size=1)


def reversed_keys(value):
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return [reversed_keys(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=40)
@given(contents)
def test_the_order_of_keys_does_not_matter(content):
    assert content_hash(reversed_keys(content)) == content_hash(content)


@settings(max_examples=40)
@given(contents, st.text())
def test_anything_else_does(content, text):
    changed = copy.deepcopy(content)
    changed["added" + text] = text
    if changed != content:
        assert content_hash(changed) != content_hash(content)


def test_the_order_of_a_list_matters():
    assert content_hash({"a": [1, 2]}) != content_hash({"a": [2, 1]})


def test_the_canonical_form_is_compact_sorted_utf_8():
    assert canonical_json({"b": [1, None], "a": "ä"}) == '{"a":"ä","b":[1,null]}'.encode()
    assert content_hash({"b": 1}) == hashlib.sha256(b'{"b":1}').hexdigest()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object()])
def test_what_json_does_not_have_has_no_hash(value):
    with pytest.raises((TypeError, ValueError)):
        content_hash({"a": value})


def test_a_name_is_the_alias_and_the_start_of_the_hash():
    name = lock_name("first-try", "0123456789abcdef" * 4)
    assert name == "first-try-0123456789ab"
    assert NAME.fullmatch(name).groups() == ("first-try", "0123456789ab")
