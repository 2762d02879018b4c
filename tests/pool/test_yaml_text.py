"""Edits of YAML as text: what isn't edited stays, to the last blank and comment."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from components.base.problems import InvalidInputError
from herd.pool.yaml_text import YamlText, inline


def edited(text, *edits):
    made = YamlText(text, "stack.yaml")
    for name, *arguments in edits:
        getattr(made, name)(*arguments)
    return made.result()


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        ("a:  old # why\n", ("set", ("a",), "new"), "a:  new # why\n"),
        ("a: 'old'\nb: 1\n", ("set", ("a",), "x: y"), 'a: "x: y"\nb: 1\n'),
        ("a: {b:   1}\n", ("set", ("a", "b"), 2), "a: {b:   2}\n"),
        ("a: {b: 1 }\n", ("set", ("a", "c"), [1, 2]), "a: {b: 1, c: [1, 2] }\n"),
        ("a: {}\n", ("set", ("a", "c"), True), "a: {c: true}\n"),
        ("a:\n  b: 1 # one\n# end\n", ("set", ("a", "c"), 2), "a:\n  b: 1 # one\n  c: 2\n# end\n"),
        ("a:\n  b: 1\n", ("set", ("a", "c", "d", "e"), 2), "a:\n  b: 1\n  c: {d: {e: 2}}\n"),
        ("a:\n  b:\n    c: 1 # c\nd: 2\n", ("set", ("a", "b"), []), "a:\n  b: []\nd: 2\n"),
        ("a: # why\n  - 1\n", ("set", ("a",), [2]), "a: [2] # why\n"),
        ("a: 1", ("set", ("a",), 2), "a: 2\n"),
        ("a:\n- 1 # one\n- 2\n", ("set_list", ("a",), [1, 3]), "a:\n- 1 # one\n- 3\n"),
        ("a:\n  - 1\n  # two\n  - 2\nb: 1\n", ("set_list", ("a",), [2]), "a:\n  # two\n  - 2\nb: 1\n"),
        ("a:\n  - 1\n  - 2\n", ("set_list", ("a",), [3]), "a: [3]\n"),
        ("a: [1,  2]\n", ("set_list", ("a",), [2]), "a: [2]\n"),
        ("a:\n  b: 1\n  c: 2 # two\n", ("remove", ("a", "b")), "a:\n  c: 2 # two\n"),
        ("a: {b: 1, c: 2}\n", ("remove", ("a", "b")), "a: {c: 2}\n"),
        ("a: {b: 1, c: 2}\n", ("remove", ("a", "c")), "a: {b: 1}\n"),
        ("a:\n  b: 1\nc: 2\n", ("remove", ("a", "b")), "a: {}\nc: 2\n"),
        ("a:\n  - b: 1\n    c: 2\n  # next\n  - b: 2\n", ("remove", ("a", 0)), "a:\n  # next\n  - b: 2\n"),
        ("a:\n  - b: 1\n  # after\nc: 2\n", ("remove", ("a", 0)), "a: []\n  # after\nc: 2\n"),
        ("a: 1\n", ("remove", ("b",)), "a: 1\n"),
        ("a:\n  - b: 1 # b\n\n# c\n", ("append", ("a",), "- b: 2\n  d: 3"),
         "a:\n  - b: 1 # b\n  - b: 2\n    d: 3\n\n# c\n"),
        ("a: [{b: 1}]\n", ("append", ("a",), "{b: 2}"), "a: [{b: 1}, {b: 2}]\n"),
    ],
)  # fmt: skip
def test_an_edit_changes_what_it_names_and_nothing_else(before, edit, after):
    assert edited(before, edit) == after


def test_a_new_key_stands_behind_the_one_it_belongs_to():
    made = YamlText("a:\n  b: 1\n  c: 2\n", "stack.yaml")
    made.set(("a", "d"), 3, after="b")
    made.set(("a", "e"), 4, after="b")
    assert made.result() == "a:\n  b: 1\n  d: 3\n  e: 4\n  c: 2\n"


def test_the_text_of_a_key_comes_with_its_comments():
    made = YamlText("a:\n    - b: 1 # one\n\n      # two\n      c:\n        d: 2 # end\n", "stack.yaml")
    assert made.source(("a", 0, "b")) == "b: 1 # one\n"
    assert made.source(("a", 0, "c")) == "c:\n  d: 2 # end\n"


@pytest.mark.parametrize("text", ["a: &x {b: 1}\nc: *x\n", "a: &x\n  b: 1\nc: *x\n"])
def test_an_alias_is_not_edited_where_it_would_change_something_else(text):
    with pytest.raises(InvalidInputError, match="is an alias"):
        edited(text, ("set", ("c", "b"), 2))


def test_what_is_no_list_takes_no_items():
    with pytest.raises(InvalidInputError, match=r"stack.yaml: .*can't be edited in place"):
        edited("x:\n  a: 1\n", ("append", ("x", "a"), "- 1"))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc.:/-#", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=50)
@given(VALUES)
def test_any_value_survives_being_written_on_a_line(value):
    assert YAML(typ="safe", pure=True).load(f"a: {inline(value)}\n") == {"a": value}


DOCUMENT = """\
# top
a:
  b: {c: 1, d: [1, 2]} # flow
  # inner
  e:
    - f: 1
      g: 'x' # quoted
    # between
    - f: 2
h: 3
# end
"""
PLACES = [("a", "b", "c"), ("a", "b", "new"), ("a", "e", 0, "g"), ("a", "e", 1, "new"), ("h",), ("new",)]


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(PLACES), st.integers() | st.sampled_from(["x", "y: z", "#"]), max_size=6))
def test_edits_that_meet_come_out_as_meant_with_every_comment(changes):
    made = YamlText(DOCUMENT, "stack.yaml")
    meant = YAML(typ="safe", pure=True).load(DOCUMENT)
    for path, value in changes.items():
        made.set(path, value)
        inner = meant
        for part in path[:-1]:
            inner = inner[part]
        inner[path[-1]] = value
    text = made.result()
    assert YAML(typ="safe", pure=True).load(text) == meant
    for comment in ("# top", "# flow", "# inner", "# quoted", "# between", "# end"):
        assert text.count(comment) == 1
